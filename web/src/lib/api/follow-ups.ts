import type { FollowUpGroup, FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { filterToQuery } from "@dmtracker/shared/pipeline/filter-query.ts";
import { request } from "./client.ts";

export type FollowUpsAsked = {
  pipelineId: string;
  group: FollowUpGroup;
  filter: ContactFilter;
  cursor?: string | undefined;
  limit?: number;
};

/** Whose cadence is over, instead of what is due. */
export type EndedAsked = Omit<FollowUpsAsked, "group"> & { group: "ended" };

export function loadFollowUps(asked: FollowUpsAsked | EndedAsked): Promise<FollowUpsPage> {
  const { pipelineId, group, filter, cursor, limit } = asked;
  const search = filterToQuery(filter);
  search.set("pipeline_id", pipelineId);
  search.set("group", group);
  if (cursor) search.set("cursor", cursor);
  if (limit) search.set("limit", String(limit));
  return request<FollowUpsPage>(`/follow-ups?${search}`);
}
