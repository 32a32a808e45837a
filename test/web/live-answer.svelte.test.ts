import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../web/src/lib/api/client.ts";
import { LiveAnswer } from "../../web/src/lib/state/live-answer.svelte.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Counted = { seq: number; of: string };

/** A log that grows, and a server that counts what is in it when it is asked, and needs its time. */
function open(needsMs: number) {
  let seq = 0;
  let asked = 0;
  let hear: (events: readonly PipelineEvent[]) => void = () => undefined;
  const feed = {
    onEvents: (listener: typeof hear) => {
      hear = listener;
      return () => undefined;
    },
    onReload: () => () => undefined,
  };
  const load = async (query: URLSearchParams): Promise<Counted> => {
    asked += 1;
    const answer = { seq, of: query.toString() };
    await new Promise((resolve) => setTimeout(resolve, needsMs));
    return answer;
  };
  const live = new LiveAnswer(feed, new URLSearchParams("period=today"), load);
  const happen = () => hear([{ seq: ++seq } as PipelineEvent]);
  return { live, happen, asked: () => asked, head: () => seq };
}

test("[RP4] a report that takes longer than the next event is shown all the same, and follows the log", async () => {
  const { live, happen, asked, head } = open(3_000);
  for (let tick = 0; tick < 40; tick++) {
    happen();
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(live.current?.seq).toBeGreaterThan(20);
  expect(asked()).toBeLessThan(8);
  await vi.advanceTimersByTimeAsync(8_000);
  expect(live.current?.seq).toBe(head());
  const before = asked();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(asked()).toBe(before);
  live.close();
});

test("[RP4] another question is asked at once, and an answer to the one before is dropped", async () => {
  const { live, happen } = open(3_000);
  await vi.advanceTimersByTimeAsync(1_000);
  live.show(new URLSearchParams("period=this_week"));
  happen();
  await vi.advanceTimersByTimeAsync(2_500);
  expect(live.current).toBeUndefined();
  expect(live.isOld).toBe(true);
  await vi.advanceTimersByTimeAsync(500);
  expect(live.current).toEqual({ seq: 0, of: "period=this_week" });
  await vi.advanceTimersByTimeAsync(4_000);
  expect(live.current).toEqual({ seq: 1, of: "period=this_week" });
  live.close();
});

test("[RP5] a question that is refused is not asked again by itself; one whose answer was lost is", async () => {
  const feed = { onEvents: () => () => undefined, onReload: () => () => undefined };
  const ask = async (problem: Error): Promise<number> => {
    const load = vi.fn((): Promise<Counted> => Promise.reject(problem));
    const live = new LiveAnswer(feed, new URLSearchParams("period=nonsense"), load);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(live.problem).toBe(problem.message);
    live.close();
    return load.mock.calls.length;
  };
  expect(await ask(new ApiError("invalid", "period: must be one of today, this_week"))).toBe(1);
  expect(await ask(new ApiError("network", "The server cannot be reached"))).toBeGreaterThan(10);
});
