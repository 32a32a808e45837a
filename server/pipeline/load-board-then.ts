import type { BoardThen, ColumnPage, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { FIRST_PAGE_SIZE } from "@dmtracker/shared/contracts/limits.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { compareRanked, type Ranked } from "@dmtracker/shared/pipeline/ranks.ts";
import { unfoldBoard, type Arrangement } from "@dmtracker/shared/pipeline/unfold-board.ts";
import type { AppContext } from "#server/app-context.ts";
import { findSeqAt } from "#server/activity/activity.store.ts";
import { findCompleteSince, readBackwards, readHistoriesUpTo } from "#server/activity/past-event.store.ts";
import { findContactsOfPipeline } from "#server/contacts/contact.store.ts";
import { Roster } from "#server/contacts/roster.ts";
import { readRoster } from "#server/contacts/roster.store.ts";
import { loadDirectory } from "#server/organizations/load-directory.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { onSnapshot } from "#server/platform/on-snapshot.ts";
import { findPipeline } from "./pipeline.store.ts";
import { inPastGate } from "./past-gate.ts";

/** How far ahead of ours a caller's clock may be and still mean now. */
const AHEAD_MS = 60_000;
/** What was told as the beginning may still be asked for so long, although places are forgotten meanwhile. */
const TOLD_FOR_MS = 3_600_000;

export type BoardThenWanted = { organizationId: string; pipelineId: string; at: string };

type Then = Arrangement & { at: Date; since: Date };

async function currentRoster(app: AppContext, pipelineId: string): Promise<Roster> {
  const roster = await app.rosters.current(pipelineId);
  if (roster) return roster;
  return onSnapshot(async (session) => {
    const pipeline = await findPipeline(pipelineId, undefined, session);
    if (!pipeline) throw new AppError("not_found", "No such pipeline");
    return new Roster(pipeline, await readRoster(pipelineId, session));
  });
}

async function requireMoment(
  app: AppContext,
  { pipelineId, at }: BoardThenWanted,
): Promise<Omit<Then, keyof Arrangement>> {
  const now = app.now();
  const { since, isMoving } = await findCompleteSince(pipelineId, now);
  const moment = Date.parse(at);
  // Before its first event the board was what it began as: nobody has to know when that was.
  const isTooEarly = isMoving && moment < since.getTime();
  if (isTooEarly || moment > now.getTime() + AHEAD_MS) {
    throw invalidField(
      "at",
      `must lie between ${since.toISOString()}, as far as the log reaches back, and now`,
    );
  }
  const told = since.getTime() + (isMoving ? TOLD_FOR_MS : 0);
  return { at: new Date(Math.min(moment, now.getTime())), since: new Date(told) };
}

/** Everybody's place as of a moment: as they stand now, with everything taken back that has happened since. */
async function arrangeThen(app: AppContext, wanted: BoardThenWanted): Promise<Then> {
  const { organizationId, pipelineId } = wanted;
  if (!(await findPipeline(pipelineId, organizationId))) throw new AppError("not_found", "No such pipeline");
  const moment = await requireMoment(app, wanted);
  const roster = await currentRoster(app, pipelineId);
  const { pipeline } = roster;
  const places = new Map([...roster.all()].map(({ id, stageId, rank }) => [id, { stageId, rank }]));
  const after = (await findSeqAt(pipelineId, moment.at.getTime() + 1)) - 1;
  const newestFirst = readBackwards(pipelineId, { after, head: pipeline.seq });
  return { ...(await unfoldBoard({ pipeline, places }, newestFirst)), ...moment };
}

function byStage({ pipeline, places }: Arrangement): Map<string, Ranked[]> {
  const columns = new Map<string, Ranked[]>(pipeline.stages.map(({ id }) => [id, []]));
  for (const [id, { stageId, rank }] of places) columns.get(stageId)?.push({ id, rank });
  return columns;
}

/**
 * Contacts as they were, in this order. Who has not changed since is read as they are; everybody else is the fold
 * of their own history up to then [CC7]. Their place comes from the board: new ranks for a run of contacts are in
 * nobody's history.
 */
async function contactsThen({ pipeline, places }: Arrangement, ids: readonly string[]): Promise<Contact[]> {
  const found = await findContactsOfPipeline(pipeline.id, [...ids]);
  const then = new Map(
    found.flatMap(({ contact }) => (contact.seq <= pipeline.seq ? [[contact.id, contact] as const] : [])),
  );
  const changed = ids.filter((id) => !then.has(id));
  for await (const event of readHistoriesUpTo(changed, pipeline.seq)) {
    const contact = applyToContact(then.get(event.contactId ?? ""), event);
    if (contact) then.set(contact.id, contact);
  }
  return ids.flatMap((id) => {
    const contact = then.get(id);
    return contact ? [{ ...contact, ...places.get(id) }] : [];
  });
}

async function readPage(
  then: Arrangement,
  column: readonly Ranked[],
  { after, limit }: { after?: Ranked | undefined; limit: number },
): Promise<Omit<ColumnPage, "stageId">> {
  const below = after ? column.filter((one) => compareRanked(one, after) > 0) : column;
  const ids = below.toSorted(compareRanked).map(({ id }) => id);
  return { contacts: await contactsThen(then, ids.slice(0, limit)), more: ids.length > limit };
}

/**
 * The board as it was at a moment, with the top of every column.
 * @throws AppError not_found, invalid
 */
export function loadBoardThen(app: AppContext, wanted: BoardThenWanted): Promise<BoardThen> {
  return inPastGate(() => readBoardThen(app, wanted));
}

async function readBoardThen(app: AppContext, wanted: BoardThenWanted): Promise<BoardThen> {
  const then = await arrangeThen(app, wanted);
  const columns = [...byStage(then)].map(async ([stageId, column]) => ({
    stageId,
    ...(await readPage(then, column, { limit: FIRST_PAGE_SIZE })),
  }));
  return {
    pipeline: then.pipeline,
    columns: await Promise.all(columns),
    ...(await loadDirectory(app, wanted.organizationId)),
    at: then.at.toISOString(),
    since: then.since.toISOString(),
  };
}

/** A further page of a stage as it was. @throws AppError not_found, invalid */
export function loadColumnThen(
  app: AppContext,
  wanted: BoardThenWanted,
  { stageId, ...page }: { stageId: string; after?: Ranked | undefined; limit: number },
): Promise<ColumnPageAt> {
  return inPastGate(async () => {
    const then = await arrangeThen(app, wanted);
    const column = byStage(then).get(stageId) ?? [];
    return { stageId, ...(await readPage(then, column, page)), seq: then.pipeline.seq };
  });
}
