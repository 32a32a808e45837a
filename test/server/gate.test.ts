import { createGate } from "@dmtracker/server/platform/gate.ts";
import { expect, test } from "vitest";

test("[SP10] so many run at once, the others in the order in which they came; a failure gives its place on", async () => {
  const gate = createGate(3);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const runs = Array.from({ length: 8 }, (_, index) =>
    gate(async () => {
      begun.push(index);
      await new Promise<void>((resolve) => (ends[index] = resolve));
      if (index === 1) throw new Error("failed");
      return index;
    }),
  );
  const outcomes = Promise.allSettled(runs);
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await settle();
  expect(begun).toEqual([0, 1, 2]);
  ends[1]?.();
  await settle();
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const index of [3, 0, 2, 4, 5, 6, 7]) {
    ends[index]?.();
    await settle();
  }
  expect((await outcomes).map(({ status }) => status === "fulfilled")).toEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].map((index) => index !== 1),
  );
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(await gate(() => Promise.resolve("open"))).toBe("open");
});
