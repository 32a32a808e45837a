import type { BoardSnapshot, ColumnPage, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { FIRST_PAGE_SIZE } from "@dmtracker/shared/contracts/limits.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMatching, type ColumnsWanted, type Matching } from "#server/contacts/find-matching.ts";

/** Rounds in which contacts of a page were changed between choosing and reading them. */
const MAX_TRIES = 4;

export type BoardWanted = { organizationId: string; pipelineId: string; filter: ContactFilter };

/**
 * Columns exactly as of the pipeline's `seq`: where one of their contacts is newer, it may stand elsewhere by now, so
 * they are chosen again. On a board that never rests the last round counts, without contacts that left their stage.
 */
async function readColumns(
  app: AppContext,
  { organizationId, pipelineId, filter }: BoardWanted,
  read: (matching: Matching) => Promise<ColumnPage[]>,
): Promise<{ matching: Matching; columns: ColumnPage[] }> {
  for (let attempt = 1; ; attempt += 1) {
    const matching = await findMatching(app, organizationId, pipelineId, filter);
    const columns = await read(matching);
    const isExact = columns.every(({ contacts }) =>
      contacts.every(({ seq }) => seq <= matching.pipeline.seq),
    );
    if (isExact) return { matching, columns };
    if (attempt < MAX_TRIES) continue;
    const standing = columns.map(({ stageId, contacts, more }) => ({
      stageId,
      contacts: contacts.filter((contact) => contact.stageId === stageId),
      more,
    }));
    return { matching, columns: standing };
  }
}

/** The top of every column with only what matches, and the count and value of all that match by stage [FI8]. */
export async function readFilteredBoard(
  app: AppContext,
  wanted: BoardWanted,
): Promise<Pick<BoardSnapshot, "pipeline" | "columns" | "filtered">> {
  const { matching, columns } = await readColumns(app, wanted, (found) =>
    found.columns(
      found.pipeline.stages.map(({ id }) => id),
      { limit: FIRST_PAGE_SIZE },
    ),
  );
  return { pipeline: matching.pipeline, columns, filtered: matching.totals };
}

/** A further page of what matches in one stage. */
export async function readFilteredColumn(
  app: AppContext,
  wanted: BoardWanted & ColumnsWanted & { stageId: string },
): Promise<ColumnPageAt> {
  const { matching, columns } = await readColumns(app, wanted, (found) =>
    found.columns([wanted.stageId], wanted),
  );
  const [column = { stageId: wanted.stageId, contacts: [], more: false }] = columns;
  return { ...column, seq: matching.pipeline.seq };
}
