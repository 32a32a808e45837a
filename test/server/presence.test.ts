import { createPresence, type NodePresence } from "@dmtracker/server/presence/presence.ts";
import type { Viewer } from "@dmtracker/shared/contracts/realtime.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const aViewer = (name: string): Viewer => ({ userId: name, name, contactId: null });

/** Processes that hear each other as long as `isJoined`. */
function nodes(count: number) {
  const wire = { isJoined: true };
  const ears: ((told: NodePresence) => void)[] = [];
  const made = Array.from({ length: count }, () => {
    const seen = new Map<string, string[]>();
    const presence = createPresence(
      (pipelineId, viewers) => seen.set(pipelineId, viewers.map(({ name }) => name).sort()),
      {
        send: (told) => {
          // As over a wire: later, and as a copy.
          const copy = structuredClone(told);
          if (wire.isJoined) setTimeout(() => ears.forEach((hear) => hear(copy)), 1);
        },
        listen: (hear) => void ears.push(hear),
      },
    );
    return { presence, seen };
  });
  return { wire, made: made as [(typeof made)[0], (typeof made)[0]] };
}

test("[PR1] everyone sees who is on the board, on whatever process, and who has left", async () => {
  const { made } = nodes(2);
  const [one, two] = made;
  one.presence.enter("p", "s1", aViewer("Ana"));
  two.presence.enter("p", "s2", aViewer("Marcus"));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(one.seen.get("p")).toEqual(["Ana", "Marcus"]);
  expect(two.seen.get("p")).toEqual(["Ana", "Marcus"]);
  one.presence.leaveAll("s1");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(two.seen.get("p")).toEqual(["Marcus"]);
  two.presence.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(one.seen.get("p")).toEqual([]);
  one.presence.stop();
});

test("[PR2] viewers of a process that is not heard of any more vanish, and come back with it", async () => {
  const { wire, made } = nodes(2);
  const [one, two] = made;
  one.presence.enter("p", "s1", aViewer("Ana"));
  two.presence.enter("p", "s2", aViewer("Marcus"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(one.seen.get("p"), "as long as they stay").toEqual(["Ana", "Marcus"]);
  wire.isJoined = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(one.seen.get("p")).toEqual(["Ana"]);
  wire.isJoined = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(one.seen.get("p")).toEqual(["Ana", "Marcus"]);
  for (const { presence } of made) presence.stop();
});
