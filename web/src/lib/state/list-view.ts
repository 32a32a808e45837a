import type { ContactSort, SortDirection } from "@dmtracker/shared/contracts/filter.ts";
import { filterFromQuery, filterToQuery } from "@dmtracker/shared/pipeline/filter-query.ts";
import type { ListView } from "./contact-list.svelte.ts";

const SORTS: readonly ContactSort[] = [
  "last_activity",
  "last_message",
  "created",
  "value",
  "username",
  "status_changed",
  "follow_up",
];

/** The last message moves only when somebody writes: rows do not run away from the hand that works on them. */
export const DEFAULT_SORT: ContactSort = "last_message";

/** Names begin with A, everything else with the newest or the largest. */
export function firstDirection(sort: ContactSort): SortDirection {
  return sort === "username" ? "asc" : "desc";
}

/** The order that an address names, if it names one. */
export function sortFrom(query: URLSearchParams): ContactSort | undefined {
  return SORTS.find((name) => name === query.get("sort"));
}

/** What an address says: its filter and its order. Addresses are typed by people: what makes no sense is left out. */
export function viewFromQuery(query: URLSearchParams): ListView {
  const sort = sortFrom(query) ?? DEFAULT_SORT;
  const named = query.get("direction");
  const direction = named === "asc" || named === "desc" ? named : firstDirection(sort);
  return { filter: filterFromQuery(query).filter, sort, direction };
}

/** The shortest address that says the same. */
export function viewToQuery({ filter, sort, direction }: ListView): URLSearchParams {
  const query = filterToQuery(filter);
  if (sort !== DEFAULT_SORT) query.set("sort", sort);
  if (direction !== firstDirection(sort)) query.set("direction", direction);
  return query;
}
