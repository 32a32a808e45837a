import { setImmediate as nextTurn } from "node:timers/promises";

/** Rows that are looked at before others get their turn: one to three milliseconds. */
const ROWS_AT_ONCE = 50_000;

/** Runs over many rows without holding anybody up. */
export async function inSlices(length: number, look: (from: number, until: number) => void): Promise<void> {
  for (let from = 0; from < length; from += ROWS_AT_ONCE) {
    look(from, Math.min(from + ROWS_AT_ONCE, length));
    if (from + ROWS_AT_ONCE < length) await nextTurn();
  }
}
