import type { BoardSnapshot, ColumnPageAt, ContactsAt } from "@dmtracker/shared/contracts/board.ts";
import { FIRST_PAGE_SIZE } from "@dmtracker/shared/contracts/limits.ts";
import mongoose, { type ClientSession } from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { findContactsOfPipeline, findPageOfStage } from "#server/contacts/contact.store.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { findPipeline } from "./pipeline.store.ts";

/** Runs reads that must agree with one another, and with the `seq` they are labelled with, on one snapshot. */
async function onSnapshot<T>(read: (session: ClientSession) => Promise<T>): Promise<T> {
  const session = await mongoose.startSession();
  try {
    session.startTransaction({ readConcern: { level: "snapshot" } });
    const result = await read(session);
    await session.commitTransaction();
    return result;
  } finally {
    await session.endSession();
  }
}

const noSuchPipeline = () => new AppError("not_found", "No such pipeline");

/** Everything a board needs to open, consistent as of `pipeline.seq`. */
export async function loadBoard(
  app: AppContext,
  organizationId: string,
  pipelineId: string,
): Promise<BoardSnapshot> {
  const board = await onSnapshot(async (session) => {
    const pipeline = await findPipeline(pipelineId, organizationId, session);
    if (!pipeline) throw noSuchPipeline();
    const columns = [];
    for (const { id: stageId } of pipeline.stages) {
      const page = await findPageOfStage(pipelineId, stageId, { limit: FIRST_PAGE_SIZE, session });
      columns.push({ stageId, ...page });
    }
    return { pipeline, columns };
  });
  const [members, tags, settings] = await Promise.all([
    findMembers(app.auth, organizationId),
    findTags(organizationId),
    findSettings(organizationId),
  ]);
  return { ...board, members, tags, settings };
}

/**
 * A further page of one stage. The head is read first: the page may already hold newer contacts, which carry their
 * own `seq` and so are not applied twice; nothing up to `seq` is ever missing.
 */
export async function loadColumnPage(
  organizationId: string,
  pipelineId: string,
  stageId: string,
  options: { after?: { rank: string; id: string } | undefined; limit: number },
): Promise<ColumnPageAt> {
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw noSuchPipeline();
  const page = await findPageOfStage(pipelineId, stageId, options);
  return { stageId, ...page, seq: pipeline.seq };
}

/** Contacts of a pipeline by id; absent ones are left out. */
export async function loadContacts(
  organizationId: string,
  pipelineId: string,
  ids: string[],
): Promise<ContactsAt> {
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw noSuchPipeline();
  const found = await findContactsOfPipeline(pipelineId, ids);
  return { contacts: found.map(({ contact }) => contact), seq: pipeline.seq };
}
