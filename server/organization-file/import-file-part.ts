import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import mongoose, { type ClientSession } from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import type { BulkRecord } from "#server/bulk/bulk.model.ts";
import type { PartAnswer } from "#server/bulk/bulk.store.ts";
import { findImport, findImportPart } from "#server/import/import.store.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import type { PipelineRecord } from "#server/pipeline/pipeline.model.ts";
import { closeTransaction, commitTransaction, openTransaction } from "#server/pipeline/transaction.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { ViewRecord } from "#server/views/view.model.ts";
import { readLine, type FilePlan } from "./check-file.ts";
import {
  deleteUnopened,
  findStrangers,
  insertContacts,
  insertEvents,
  openImported,
} from "./organization-file.store.ts";
import { NewIds } from "./remap-ids.ts";

type Underway = { organizationId: string; importId: string; plan: FilePlan; parts: number; ids: NewIds };

async function findUnderway(app: AppContext, bulk: BulkRecord): Promise<Underway> {
  const organizationId = bulk.organizationId.toHexString();
  const importId = bulk._id.toHexString();
  const record = await findImport(organizationId, importId);
  if (!record?.organization) throw new AppError("not_found", "The file is not kept any more");
  const { organization: plan, parts } = record;
  const here = new Map((await findMembers(app.auth, organizationId)).map(({ email, id }) => [email, id]));
  const people = new Map(
    plan.members.flatMap(({ id, email }): [string, string][] => {
      const known = here.get(email);
      return known === undefined ? [] : [[id, known]];
    }),
  );
  return { organizationId, importId, plan, parts, ids: new NewIds(importId, people) };
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

async function insertLines(
  { organizationId, importId, plan, ids }: Underway,
  index: number,
): Promise<number> {
  const part = await findImportPart(importId, index);
  if (!part) throw new AppError("not_found", "The file is not kept any more");
  const heads = new Map(plan.pipelines.map(({ id, events }) => [id, events]));
  const events: PipelineEvent[] = [];
  const contacts: Contact[] = [];
  for (const { cells } of part.rows) {
    const read = readLine(cells[0] ?? "");
    if ("event" in read) events.push(ids.in(renumber(read.event, Number(cells[1]))));
    // Everything in the log is in the contact: what comes later is news to whoever holds it.
    else contacts.push(ids.in({ ...read.contact, seq: heads.get(read.contact.pipelineId) ?? 0 }));
  }
  await insertEvents(events, organizationId);
  await insertContacts(contacts, organizationId);
  return part.rows.length;
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

/** Until here nobody could see anything of it; from here on it is all there. */
async function open(app: AppContext, bulk: BulkRecord, underway: Underway): Promise<void> {
  const { organizationId, plan, ids } = underway;
  const now = app.now();
  const pipelines = pipelinesOf(underway, now);
  const session: ClientSession = await openTransaction();
  try {
    const strangers = await findStrangers(
      organizationId,
      pipelines.map(({ _id }) => _id),
      session,
    );
    // A second try finds them open already.
    if (strangers === "open") return;
    if (strangers) throw new AppError("conflict", `${strangers} came into this organization meanwhile`);
    const opening = {
      organizationId,
      settings: plan.settings ? ids.in(plan.settings) : undefined,
      tags: ids.in(plan.tags),
      pipelines,
      views: viewsOf(underway, bulk.actor.id ?? "", now),
    };
    await openImported(opening, session);
    await commitTransaction(session);
  } finally {
    await closeTransaction(session);
  }
  app.recentSettings.forget(organizationId);
}

/**
 * One part of the import of an organization: lines, or at the end their opening. Run twice it happens once: every id
 * and number follows from the file. No rule fires and nobody is told: it is history that moves in.
 */
export async function importFilePart(
  app: AppContext,
  bulk: BulkRecord,
): Promise<{ size: number; answer: PartAnswer }> {
  const underway = await findUnderway(app, bulk);
  const isLast = bulk.nextPart === underway.parts;
  const size = isLast ? 0 : await insertLines(underway, bulk.nextPart);
  if (isLast) await open(app, bulk, underway);
  return { size, answer: { changed: size, refused: 0, problems: [], seq: 0 } };
}

/** Takes back what was put in, when it will not come to its end. */
export async function discardFileImport(app: AppContext, bulk: BulkRecord): Promise<void> {
  const { plan, ids } = await findUnderway(app, bulk);
  await deleteUnopened(plan.pipelines.map(({ id }) => ids.of(id)));
}
