import type { BoardThen, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { Moves } from "@dmtracker/shared/contracts/moves.ts";
import { request } from "./client.ts";

/** The board as it was. */
export function loadBoardThen(pipelineId: string, at: string, signal: AbortSignal): Promise<BoardThen> {
  const query = new URLSearchParams({ at });
  return request<BoardThen>(`/pipelines/${pipelineId}/board?${query}`, { signal });
}

export type ColumnThenQuery = {
  pipelineId: string;
  stageId: string;
  at: string;
  after: { rank: string; id: string };
};

export function loadColumnThen({ pipelineId, stageId, at, after }: ColumnThenQuery): Promise<ColumnPageAt> {
  const query = new URLSearchParams({ at, after_rank: after.rank, after_id: after.id, limit: "100" });
  return request<ColumnPageAt>(`/pipelines/${pipelineId}/stages/${stageId}/contacts?${query}`);
}

/** The pipeline is part of the path: what is asked is the rest. */
export const loadMoves =
  (pipelineId: string) =>
  (query: URLSearchParams): Promise<Moves> =>
    request<Moves>(`/pipelines/${pipelineId}/moves?${query}`);
