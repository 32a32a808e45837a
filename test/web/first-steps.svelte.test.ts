import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { expect, test } from "vitest";
import { FirstSteps } from "../../web/src/lib/state/first-steps.svelte.ts";

const EMPTY = { totals: {}, rules: [] } as unknown as Pipeline;

class FakeBoard {
  pipeline = $state.raw<Pipeline | undefined>(EMPTY);
  tell: (events: readonly PipelineEvent[]) => void = () => undefined;

  onEvents(listener: (events: readonly PipelineEvent[]) => void): () => void {
    this.tell = listener;
    return () => undefined;
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("[FS1] each of the first steps ticks itself when it is done, whoever did it", () => {
  const board = new FakeBoard();
  const steps = new FirstSteps(board, () => Promise.resolve([]));
  expect([steps.hasContact, steps.hasRule, steps.hasProgram]).toEqual([false, false, false]);
  board.pipeline = { ...EMPTY, totals: { a: { open: { count: 1, value: 0 } } } };
  expect([steps.hasContact, steps.hasRule]).toEqual([true, false]);
  board.pipeline = { ...board.pipeline, rules: [{ id: "r" }] } as unknown as Pipeline;
  expect([steps.hasRule, steps.done]).toEqual([true, false]);
  board.tell([{ actor: { type: "user" }, cause: null } as unknown as PipelineEvent]);
  expect(steps.done).toBe(false);
  board.tell([{ actor: { type: "api" }, cause: null } as unknown as PipelineEvent]);
  expect(steps.done).toBe(true);
});

test("[FS1] a token that was made before is a program that can write; who may not see tokens keeps the step", async () => {
  const known = new FirstSteps(new FakeBoard(), () => Promise.resolve([{}]));
  const refused = new FirstSteps(new FakeBoard(), () => Promise.reject(new Error("forbidden")));
  await settled();
  expect([known.hasProgram, refused.hasProgram]).toEqual([true, false]);
});
