import type { FollowUpGroup, FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import { request } from "./client.ts";

export type FollowUpsAsked = {
  pipelineId: string;
  group: FollowUpGroup;
  assigneeId?: string | undefined;
  cursor?: string | undefined;
  limit?: number;
};

export function loadFollowUps(asked: FollowUpsAsked): Promise<FollowUpsPage> {
  const { pipelineId, group, assigneeId, cursor, limit } = asked;
  const search = new URLSearchParams({ pipeline_id: pipelineId, group });
  if (assigneeId) search.set("assignee", assigneeId);
  if (cursor) search.set("cursor", cursor);
  if (limit) search.set("limit", String(limit));
  return request<FollowUpsPage>(`/follow-ups?${search}`);
}
