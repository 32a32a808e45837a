import type { FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DueCount } from "../../web/src/lib/state/due-count.svelte.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function open() {
  const totals = { overdue: 2, today: 3, upcoming: 9 };
  let tell: (events: readonly PipelineEvent[]) => void = () => undefined;
  let revoke: (reason: string) => void = () => undefined;
  const load = vi.fn(() => Promise.resolve({ totals: { ...totals } } as FollowUpsPage));
  const feed = {
    pipelineId: "pipeline",
    onEvents: (listener: typeof tell) => {
      tell = listener;
      return () => (tell = () => undefined);
    },
    onReload: () => () => undefined,
    onRevoked: (listener: (reason: string) => void) => {
      revoke = listener;
      return () => undefined;
    },
  };
  const due = new DueCount(feed, load, "me");
  const hear = (part: Partial<PipelineEvent>) => tell([{ before: {}, after: {}, ...part } as PipelineEvent]);
  return { due, load, hear, totals, revoke: () => revoke("removed") };
}

test("[FU9] what is overdue and due today for oneself is counted by the server", async () => {
  const { due, load } = open();
  await wait(500);
  expect([due.overdue, due.today]).toEqual([2, 3]);
  expect(load).toHaveBeenCalledWith(expect.objectContaining({ filter: { assigneeId: ["me"] } }));
  due.close();
});

test("[FU9] it is asked again when a follow-up or an assignee changes, once per burst, and when a day may have begun", async () => {
  const { due, load, hear, totals } = open();
  await wait(500);
  totals.overdue = 5;
  for (let count = 0; count < 50; count += 1) hear({ after: { followUp: null } });
  await wait(3_000);
  expect(due.overdue).toBe(5);
  expect(load.mock.calls.length).toBeLessThanOrEqual(3);
  const asked = load.mock.calls.length;
  hear({ type: "contact.status_changed", after: { leadStatus: "won" } });
  await wait(3_000);
  expect(load.mock.calls.length).toBe(asked);
  totals.today = 4;
  await wait(61_000);
  expect(due.today).toBe(4);
  due.close();
  const last = load.mock.calls.length;
  hear({ after: { followUp: null } });
  await wait(120_000);
  expect(load.mock.calls.length).toBe(last);
});

test("[RT10] who is out is refused, and asks no more", async () => {
  const { load, revoke } = open();
  load.mockRejectedValue(new Error("forbidden"));
  await wait(10_000);
  const asked = load.mock.calls.length;
  // An answer that was lost is asked for again.
  expect(asked).toBeGreaterThan(1);
  revoke();
  await wait(300_000);
  expect(load.mock.calls.length).toBe(asked);
});
