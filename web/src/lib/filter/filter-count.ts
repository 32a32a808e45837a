import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";

// Apart from the words: a header counts at once, what the filters say may come later.

/** How many parts of a filter are on, without the search. */
export function filterCount({ search: _search, ...fields }: ContactFilter): number {
  return Object.values(fields).filter((value) => value !== undefined).length;
}
