import { resolve } from "$app/paths";
import type { SavedView, ViewContent, ViewPlace } from "@dmtracker/shared/contracts/view.ts";
import { queryText } from "@dmtracker/shared/pipeline/filter-query.ts";
import { pageViewOf, pageViewToQuery } from "#lib/state/page-view.ts";

export const PLACE_NAME: Record<ViewPlace, string> = {
  contacts: "Contacts",
  board: "Pipeline",
  follow_ups: "Follow-Ups",
};

/** The address of a place that shows something. */
export function addressOf(
  place: ViewPlace,
  pipelineId: string,
  content: ViewContent,
  viewId?: string,
): string {
  const query = queryText(pageViewToQuery(pageViewOf(content, viewId)));
  const path = {
    contacts: () => resolve("/(app)/contacts"),
    board: () => resolve("/(app)/pipeline/[pipelineId]", { pipelineId }),
    follow_ups: () => resolve("/(app)/follow-ups"),
  }[place]();
  return `${path}${query && `?${query}`}`;
}

export const addressOfView = ({ place, pipelineId, content, id }: SavedView): string =>
  addressOf(place, pipelineId, content, id);
