import type { ActivityStreamPage } from "@dmtracker/shared/contracts/activity.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { filterToQuery } from "@dmtracker/shared/pipeline/filter-query.ts";
import type { HistoryView } from "#lib/state/history.svelte.ts";
import { request } from "./client.ts";

const PAGE_SIZE = 50;

function addView(search: URLSearchParams, { kinds, actors, until }: HistoryView, before?: number): void {
  search.set("limit", String(PAGE_SIZE));
  if (kinds) search.set("kind", kinds.join(","));
  if (actors) search.set("actor", actors.join(","));
  if (until) search.set("until", until);
  if (before !== undefined) search.set("before", String(before));
}

/** A page of one contact's history. */
export function loadActivity(
  contactId: string,
  view: HistoryView = {},
  before?: number,
): Promise<ActivityStreamPage> {
  const search = new URLSearchParams();
  addView(search, view, before);
  return request<ActivityStreamPage>(`/contacts/${contactId}/activity?${search}`);
}

/** A page of a pipeline's history, of the contacts that match. */
export function loadStream(
  pipelineId: string,
  contacts: ContactFilter,
  view: HistoryView,
  before?: number,
): Promise<ActivityStreamPage> {
  const search = filterToQuery(contacts);
  search.set("pipeline_id", pipelineId);
  addView(search, view, before);
  return request<ActivityStreamPage>(`/activity?${search}`);
}
