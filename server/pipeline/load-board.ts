import type { BoardSnapshot, ColumnPageAt, ContactsAt } from "@dmtracker/shared/contracts/board.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { ClientSession } from "mongoose";
import { FIRST_PAGE_SIZE } from "@dmtracker/shared/contracts/limits.ts";
import type { AppContext } from "#server/app-context.ts";
import { findAllOfPipeline, findPageOfStage } from "#server/contacts/contact.store.ts";
import { loadDirectory } from "#server/organizations/load-directory.ts";
import { AppError } from "#server/platform/app-error.ts";
import { onSnapshot } from "#server/platform/on-snapshot.ts";
import { readFilteredBoard, readFilteredColumn } from "./load-filtered-board.ts";
import { findHeads, findPipeline } from "./pipeline.store.ts";

const noSuchPipeline = () => new AppError("not_found", "No such pipeline");

type Columns = Pick<BoardSnapshot, "pipeline" | "columns" | "filtered">;

const isEmpty = (filter: ContactFilter): boolean => Object.keys(filter).length === 0;

async function readColumn(pipelineId: string, stageId: string, session?: ClientSession) {
  const options = { limit: FIRST_PAGE_SIZE, ...(session && { session }) };
  return { stageId, ...(await findPageOfStage(pipelineId, stageId, options)) };
}

/**
 * All columns at once, without a snapshot: when nothing was committed from before the first read until after the last,
 * they agree. @returns undefined when something was
 */
async function readWhileQuiet(app: AppContext, organizationId: string, pipelineId: string) {
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw noSuchPipeline();
  const [directory, ...columns] = await Promise.all([
    loadDirectory(app, organizationId),
    ...pipeline.stages.map(({ id }) => readColumn(pipelineId, id)),
  ]);
  const seq = (await findHeads([pipelineId])).get(pipelineId);
  return seq === pipeline.seq ? { pipeline, columns, ...directory } : undefined;
}

/** One after the other, as a transaction asks for it. */
function readColumns(organizationId: string, pipelineId: string): Promise<Columns> {
  return onSnapshot(async (session) => {
    const pipeline = await findPipeline(pipelineId, organizationId, session);
    if (!pipeline) throw noSuchPipeline();
    const columns = [];
    for (const { id } of pipeline.stages) columns.push(await readColumn(pipelineId, id, session));
    return { pipeline, columns };
  });
}

/** Everything a board needs to open, consistent as of `pipeline.seq`; with a filter only what matches. */
export async function loadBoard(
  app: AppContext,
  organizationId: string,
  pipelineId: string,
  filter: ContactFilter,
): Promise<BoardSnapshot> {
  if (isEmpty(filter)) {
    const read = await readWhileQuiet(app, organizationId, pipelineId);
    if (read) return read;
  }
  const board = isEmpty(filter)
    ? await readColumns(organizationId, pipelineId)
    : await readFilteredBoard(app, { organizationId, pipelineId, filter });
  return { ...board, ...(await loadDirectory(app, organizationId)) };
}

/**
 * A further page of one stage. The head is read first: the page may already hold newer contacts, which carry their
 * own `seq` and so are not applied twice; nothing up to `seq` is ever missing.
 */
export async function loadColumnPage(
  app: AppContext,
  organizationId: string,
  pipelineId: string,
  stageId: string,
  options: { after?: { rank: string; id: string } | undefined; limit: number; filter: ContactFilter },
): Promise<ColumnPageAt> {
  if (!isEmpty(options.filter)) {
    return readFilteredColumn(app, { organizationId, pipelineId, stageId, ...options });
  }
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw noSuchPipeline();
  const page = await findPageOfStage(pipelineId, stageId, options);
  return { stageId, ...page, seq: pipeline.seq };
}

/** Contacts of a pipeline by id, also those that were removed; absent ones are left out. */
export async function loadContacts(
  organizationId: string,
  pipelineId: string,
  ids: string[],
): Promise<ContactsAt> {
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw noSuchPipeline();
  const found = await findAllOfPipeline(pipelineId, ids);
  return { contacts: found.map(({ contact }) => contact), seq: pipeline.seq };
}
