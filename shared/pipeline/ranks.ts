import { generateKeyBetween, generateNKeysBetween } from "fractional-indexing";

/** A rank longer than this asks for a rebalance of its surroundings. */
export const LONG_RANK = 64;

export type Ranked = { id: string; rank: string };

/** Board order: rank by code point, then id. Never locale aware: the database compares bytes. */
export function compareRanked(a: Ranked, b: Ranked): number {
  if (a.rank !== b.rank) return a.rank < b.rank ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/**
 * A rank strictly between two others; null stands for the end of the list. Equal or reversed bounds (a view that
 * was stale, ranks written by an import) give the place right below the lower bound instead of an error.
 */
export function rankBetween(above: string | null, below: string | null): string {
  const upperBound = above !== null && below !== null && above >= below ? null : below;
  try {
    const rank = generateKeyBetween(above, upperBound);
    if (above === null || rank > above) return rank;
  } catch {
    // Falls through: a bound that the library did not make itself.
  }
  // Longer text sorts behind its own beginning, so this keeps the order whatever the bound looks like.
  return above === null ? generateKeyBetween(null, null) : `${above}V`;
}

/** `count` ranks in ascending order between two bounds, as short as possible. */
export function ranksBetween(above: string | null, below: string | null, count: number): string[] {
  return generateNKeysBetween(above, below, count);
}

/** Index of the first element that is not before `wanted` in a list in board order. */
export function placeInOrder(list: readonly Ranked[], wanted: Ranked): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareRanked(list[middle] as Ranked, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
