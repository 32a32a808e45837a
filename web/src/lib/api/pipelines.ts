import type { BoardSnapshot, ColumnPageAt, ContactsAt } from "@dmtracker/shared/contracts/board.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { PipelineSummary } from "@dmtracker/shared/contracts/pipeline.ts";
import { filterToQuery } from "@dmtracker/shared/pipeline/filter-query.ts";
import { request } from "./client.ts";

export async function listPipelines(): Promise<PipelineSummary[]> {
  const { pipelines } = await request<{ pipelines: PipelineSummary[] }>("/pipelines");
  return pipelines;
}

/** With a filter only what matches, and how much that is. */
export function loadBoard(pipelineId: string, filter: ContactFilter = {}): Promise<BoardSnapshot> {
  const query = filterToQuery(filter).toString();
  return request<BoardSnapshot>(`/pipelines/${pipelineId}/board${query && `?${query}`}`);
}

export type PageQuery = {
  pipelineId: string;
  stageId: string;
  /** The place in board order that the page follows; absent for the top. */
  after?: { rank: string; id: string } | undefined;
  limit: number;
  filter?: ContactFilter;
};

export function loadColumnPage(query: PageQuery, signal?: AbortSignal): Promise<ColumnPageAt> {
  const search = filterToQuery(query.filter ?? {});
  search.set("limit", String(query.limit));
  if (query.after) {
    search.set("after_rank", query.after.rank);
    search.set("after_id", query.after.id);
  }
  const path = `/pipelines/${query.pipelineId}/stages/${query.stageId}/contacts?${search}`;
  return request<ColumnPageAt>(path, signal ? { signal } : {});
}

/** Ids that are gone or not ours are absent from the answer. */
export function loadContactsById(
  pipelineId: string,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ContactsAt> {
  return request<ContactsAt>(
    `/pipelines/${pipelineId}/contacts?ids=${ids.join(",")}`,
    signal ? { signal } : {},
  );
}
