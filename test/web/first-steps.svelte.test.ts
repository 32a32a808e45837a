import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Session } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { expect, test } from "vitest";
import { dismissFirstSteps, offersFirstSteps } from "../../web/src/lib/first-run/first-steps-memory.ts";
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
  board.tell([{ actor: { type: "api" }, cause: null, after: {} } as unknown as PipelineEvent]);
  expect(steps.done).toBe(true);
});

test("[FS1] a token that was used is a connected program, one that was only made waits for its first call", async () => {
  const open = (tokens: Promise<{ lastUsedAt: string | null }[]>) =>
    new FirstSteps(new FakeBoard(), () => tokens);
  const used = open(Promise.resolve([{ lastUsedAt: "2026-01-01T00:00:00Z" }]));
  const made = open(Promise.resolve([{ lastUsedAt: null }]));
  const refused = open(Promise.reject(new Error("forbidden")));
  await settled();
  expect([used, made, refused].map(({ hasToken, hasProgram }) => [hasToken, hasProgram])).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ]);
});

test("[FS2] the first call is told as it comes, with what it said; later ones are everyday", () => {
  const board = new FakeBoard();
  const steps = new FirstSteps(board, () => Promise.resolve([]));
  const call = (username: string, text: string) =>
    [
      { type: "contact.created", username, actor: { type: "api", name: "ManyChat" }, cause: null, after: {} },
      {
        type: "contact.message_logged",
        username,
        actor: { type: "api", name: "ManyChat" },
        cause: null,
        after: { lastMessage: { text } },
      },
    ] as unknown as PipelineEvent[];
  expect(steps.received).toBeUndefined();
  board.tell(call("kim.fit", "Yes!"));
  board.tell(call("lee", "Later"));
  expect(steps.received).toEqual({ username: "kim.fit", program: "ManyChat", message: "Yes!" });
});

test("[FS1] who has begun goes on after an import of many; who sent the steps away is left alone", () => {
  const memory = new Map<string, string>();
  globalThis.localStorage = {
    getItem: (key: string) => memory.get(key) ?? null,
    setItem: (key: string, value: string) => void memory.set(key, value),
  } as unknown as Storage;
  const session = (id: string, role = "owner") =>
    ({ user: { id }, organization: { id: "o" }, role }) as Session;
  expect(offersFirstSteps(session("new"), 0)).toBe(true);
  expect(offersFirstSteps(session("new"), 5_000)).toBe(true);
  expect(offersFirstSteps(session("late"), 5_000)).toBe(false);
  expect(offersFirstSteps(session("rep", "member"), 0)).toBe(false);
  dismissFirstSteps(session("new"));
  expect(offersFirstSteps(session("new"), 0)).toBe(false);
});
