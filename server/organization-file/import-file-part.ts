import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import mongoose, { type ClientSession } from "mongoose";
import { appendEvents } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import type { BulkRecord, BulkWork } from "#server/bulk/bulk.model.ts";
import { advanceWithin } from "#server/bulk/bulk.store.ts";
import { findImport, findImportPart } from "#server/import/import.store.ts";
import type { PipelineRecord } from "#server/pipeline/pipeline.model.ts";
import {
  closeTransaction,
  commitTransaction,
  isLostRace,
  openTransaction,
} from "#server/pipeline/transaction.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { ViewRecord } from "#server/views/view.model.ts";
import { readLine, type FilePlan } from "./check-file.ts";
import type { FileRecord } from "./file-import-answer.ts";
import { newIdsOf } from "./new-ids-of.ts";
import {
  countImported,
  deleteUnopened,
  findObstacles,
  insertContacts,
  openImported,
} from "./organization-file.store.ts";
import type { NewIds } from "./remap-ids.ts";

export type FileWork = Extract<BulkWork, { kind: "organization" }>;
type Underway = { organizationId: string; importId: string; plan: FilePlan; parts: number; ids: NewIds };

async function findUnderway(app: AppContext, bulk: BulkRecord): Promise<Underway> {
  const organizationId = bulk.organizationId.toHexString();
  const importId = bulk._id.toHexString();
  const record = await findImport(organizationId, importId);
  if (!record?.organization) throw new AppError("not_found", "The file is not kept any more");
  const { organization: plan, parts } = record;
  const ids = await newIdsOf(app, record as FileRecord);
  return { organizationId, importId, plan, parts, ids };
}

/** An event with its new number; its cause stands as far from it as it did. */
function renumber(event: PipelineEvent, seq: number): PipelineEvent {
  const { cause, after } = event;
  return {
    ...event,
    seq,
    after: after.seq === undefined ? after : { ...after, seq },
    cause: cause && { ...cause, seq: seq + cause.seq - event.seq },
  };
}

type Lines = { size: number; events: PipelineEvent[]; contacts: Contact[] };

async function readPart({ importId, plan, ids }: Underway, index: number): Promise<Lines> {
  const part = await findImportPart(importId, index);
  if (!part) throw new AppError("not_found", "The file is not kept any more");
  const heads = new Map(plan.pipelines.map(({ id, events }) => [id, events]));
  const tags = new Set(plan.tags.map(({ id }) => id));
  const events: PipelineEvent[] = [];
  const contacts: Contact[] = [];
  for (const { cells } of part.rows) {
    const read = readLine(cells[0] ?? "");
    if ("event" in read) {
      events.push(ids.in(renumber(read.event, Number(cells[1]))));
      continue;
    }
    const { contact } = read;
    // A tag may have been deleted while the file was written. Everything in the log is in the contact: what comes
    // later is news to whoever holds it.
    const tagIds = contact.tagIds.filter((id) => tags.has(id));
    contacts.push(ids.in({ ...contact, tagIds, seq: heads.get(contact.pipelineId) ?? 0 }));
  }
  return { size: part.rows.length, events, contacts };
}

const toObjectId = (id: string) => new mongoose.Types.ObjectId(id);

function pipelinesOf({ organizationId, plan, ids }: Underway, now: Date): PipelineRecord[] {
  return plan.pipelines.map(({ id, events, ...pipeline }, index) => ({
    ...ids.in(pipeline),
    _id: toObjectId(ids.of(id)),
    organizationId: toObjectId(organizationId),
    seq: events,
    // The first one is the organization's own.
    createdAt: new Date(now.getTime() + index),
  }));
}

function viewsOf({ organizationId, plan, ids }: Underway, importerId: string, now: Date): ViewRecord[] {
  return plan.views.map(({ id, ...view }) => ({
    ...ids.in({ place: view.place, name: view.name, content: view.content }),
    _id: toObjectId(ids.of(id)),
    organizationId: toObjectId(organizationId),
    pipelineId: toObjectId(ids.of(view.pipelineId)),
    ownerId: toObjectId(ids.member(view.ownerId) ?? importerId),
    shared: true,
    createdAt: now,
  }));
}

/** All of the file is in, and nothing has come into the organization since. @throws AppError conflict */
async function requireReady(underway: Underway, bulk: BulkRecord, session: ClientSession): Promise<void> {
  const { organizationId, plan, ids } = underway;
  const pipelineIds = plan.pipelines.map(({ id }) => ids.of(id));
  const own = { importId: underway.importId, pipelineIds, session };
  const strangers = await findObstacles(organizationId, own);
  if (strangers.length > 0) {
    const why = strangers.join(". ");
    throw new AppError("conflict", `This organization was changed while the file was imported. ${why}.`);
  }
  const { events, contacts } = await countImported(organizationId, own);
  if (events !== plan.counts.events || contacts !== plan.counts.contacts) {
    const found = `${contacts} contacts and ${events} events`;
    const wanted = `${plan.counts.contacts} and ${plan.counts.events}`;
    throw new AppError("conflict", `${found} came in, ${wanted} are in the file: import it again`);
  }
}

/** Until here nobody could see anything of it; from here on it is all there. */
async function open(
  { bulk, work, underway, now }: { bulk: BulkRecord; work: FileWork; underway: Underway; now: Date },
  session: ClientSession,
): Promise<void> {
  const { organizationId, plan, ids } = underway;
  await requireReady(underway, bulk, session);
  const opening = {
    organizationId,
    replaced: { _id: bulk.pipelineId, seq: work.seq },
    settings: plan.settings ? ids.in(plan.settings) : undefined,
    tags: ids.in(plan.tags),
    pipelines: pipelinesOf(underway, now),
    views: viewsOf(underway, bulk.actor.id ?? "", now),
  };
  if (!(await openImported(opening, session))) {
    throw new AppError("conflict", "Settings of this organization were changed while the file was imported");
  }
}

/** What went wrong, in words where it is no failure of ours. */
function asRefusal(error: unknown): unknown {
  if (isLostRace(error)) return new AppError("busy", "Somebody else was faster", { cause: error });
  if ((error as { code?: unknown }).code !== 11_000) return error;
  const message = "A handle, a ManyChat id or an id of the file is taken already in this organization";
  return new AppError("conflict", message, { cause: error });
}

/**
 * One part of the import of an organization: lines, or at the end their opening. What it writes and that it is done
 * are one transaction, so it happens once, whoever tries. No rule fires and nobody is told: it is history that moves in.
 * @returns undefined when somebody else works on it now
 * @throws AppError not_found, conflict, busy
 */
export async function importFilePart(
  app: AppContext,
  bulk: BulkRecord,
  work: FileWork,
): Promise<BulkRecord | undefined> {
  const underway = await findUnderway(app, bulk);
  const now = app.now();
  const isLast = bulk.nextPart === underway.parts;
  const lines = isLast ? undefined : await readPart(underway, bulk.nextPart);
  const session = await openTransaction();
  try {
    // First: two processes that do the same meet here, and not in what they write.
    const next = await advanceWithin(bulk, { size: lines?.size ?? 0, now }, session);
    if (!next) return undefined;
    if (lines) {
      await appendEvents(lines.events, underway.organizationId, session);
      await insertContacts(lines.contacts, underway.organizationId, session);
    } else await open({ bulk, work, underway, now }, session);
    await commitTransaction(session);
    if (isLast) app.recentSettings.forget(underway.organizationId);
    return next;
  } catch (error) {
    throw asRefusal(error);
  } finally {
    await closeTransaction(session);
  }
}

/**
 * Takes back what was put in, when it will not come to its end. Needs no file.
 * @returns false when it is open: then it is people's own, and stays
 */
export function discardFileImport({ organizationId }: BulkRecord, work: FileWork): Promise<boolean> {
  return deleteUnopened(organizationId.toHexString(), work.pipelineIds);
}
