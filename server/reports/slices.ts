import { setTimeout as rest } from "node:timers/promises";

/** So long a report keeps the thread before it rests as long: a change that waits has the better half of it. */
const SLICE_MS = 1;
const REST_MS = 1;
/** Rows that are looked at between two looks at the clock. */
const ROWS_AT_ONCE = 4_000;

let sliceStart = 0;

/** Lets others work when reports have kept the thread for a slice. */
export async function giveWay(): Promise<void> {
  if (performance.now() - sliceStart < SLICE_MS) return;
  await rest(REST_MS);
  sliceStart = performance.now();
}

/** Runs over many rows without holding anybody up. */
export async function inSlices(length: number, look: (from: number, until: number) => void): Promise<void> {
  for (let from = 0; from < length; from += ROWS_AT_ONCE) {
    look(from, Math.min(from + ROWS_AT_ONCE, length));
    await giveWay();
  }
}
