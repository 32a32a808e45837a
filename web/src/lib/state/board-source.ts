import type {
  BoardSnapshot,
  ColumnPageAt,
  ContactsAt,
  Directory,
} from "@dmtracker/shared/contracts/board.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { loadDirectory } from "#lib/api/directory.ts";
import { loadBoard, loadColumnPage, loadContactsById, type PageQuery } from "#lib/api/pipelines.ts";

/** Where a board reads what the stream does not carry; tests put a fake in its place. */
export type BoardSource = {
  loadBoard(pipelineId: string, filter?: ContactFilter): Promise<BoardSnapshot>;
  loadColumnPage(query: PageQuery): Promise<ColumnPageAt>;
  loadContactsById(pipelineId: string, ids: readonly string[]): Promise<ContactsAt>;
  loadDirectory(): Promise<Directory>;
};

export const serverSource: BoardSource = { loadBoard, loadColumnPage, loadContactsById, loadDirectory };

/** A source whose first answer was asked for before there was a board to show it. */
export function startingWith(first: Promise<BoardSnapshot>): BoardSource {
  let early: Promise<BoardSnapshot> | undefined = first;
  return {
    ...serverSource,
    loadBoard(pipelineId, filter = {}) {
      const answer = Object.keys(filter).length === 0 ? early : undefined;
      early = undefined;
      return answer ?? loadBoard(pipelineId, filter);
    },
  };
}
