import type { BulkAction, BulkProblem } from "@dmtracker/shared/contracts/bulk.ts";
import mongoose, { type ClientSession } from "mongoose";
import { insertNamed } from "#server/pipeline/insert-named.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { BulkModel, BulkPartModel, type BulkRecord } from "./bulk.model.ts";

/** A process that died leaves its action to others after this. */
export const LEASE_MS = 15_000;
/** Parts of actions that never came to an end. */
const PART_DAYS = 30;
const DAY_MS = 86_400_000;
/** Told problems; more are only counted. */
const MAX_PROBLEMS = 100;

export function toBulkAction(record: BulkRecord): BulkAction {
  const { work, pipelineId, actor, title, state, total, done, changed, refused, problems, reason, seq } =
    record;
  return {
    id: record._id.toHexString(),
    pipelineId: pipelineId.toHexString(),
    kind: work.kind,
    actor,
    title,
    state,
    total,
    done,
    changed,
    refused,
    problems,
    reason,
    seq,
    startedAt: record.startedAt.toISOString(),
    finishedAt: record.finishedAt?.toISOString() ?? null,
  };
}

/** What a call that started an action is answered again by. */
export type StartedBulk = { bulkId: string };

/**
 * Keeps a new action with its contacts, already leased to whoever starts it.
 * @returns false when the same call has started one before
 */
export async function insertBulk(
  record: BulkRecord,
  parts: readonly (readonly string[])[],
  mutation: Mutation | undefined,
): Promise<boolean> {
  const expireAt = new Date(record.startedAt.getTime() + PART_DAYS * DAY_MS);
  // The parts first: an action that can be found must have all of them.
  if (parts.length > 0) {
    await BulkPartModel.collection.insertMany(
      parts.map((contactIds, index) => ({
        _id: new mongoose.Types.ObjectId(),
        organizationId: record.organizationId,
        bulkId: record._id,
        index,
        contactIds: contactIds.map((id) => new mongoose.Types.ObjectId(id)),
        expireAt,
      })),
    );
  }
  const answer: StartedBulk = { bulkId: record._id.toHexString() };
  const inserted = await insertNamed((session) => BulkModel.collection.insertOne(record, { session }), {
    organizationId: record.organizationId.toHexString(),
    mutation: mutation && { ...mutation, answer },
  });
  if (!inserted && parts.length > 0) await BulkPartModel.deleteMany({ bulkId: record._id });
  return inserted;
}

export async function findPart(bulkId: string, index: number): Promise<string[]> {
  const part = await BulkPartModel.findOne({ bulkId, index }).lean<{
    contactIds: mongoose.Types.ObjectId[];
  }>();
  return part?.contactIds.map((id) => id.toHexString()) ?? [];
}

export async function findBulk(organizationId: string, id: string): Promise<BulkRecord | undefined> {
  return (await BulkModel.findOne({ _id: id, organizationId }).lean<BulkRecord>()) ?? undefined;
}

/** The newest actions of an organization, of one person or token when named. */
export async function findBulks(
  organizationId: string,
  { actorId, limit }: { actorId?: string | undefined; limit: number },
): Promise<BulkRecord[]> {
  return BulkModel.find({ organizationId, ...(actorId === undefined ? {} : { "actor.id": actorId }) })
    .sort({ startedAt: -1 })
    .limit(limit)
    .lean<BulkRecord[]>();
}

/** Takes over one action that nobody works on. */
export async function claimBulk(owner: string, now: Date): Promise<BulkRecord | undefined> {
  const claimed = await BulkModel.findOneAndUpdate(
    { state: "running", leaseUntil: { $lte: now } },
    { $set: { leaseOwner: owner, leaseUntil: new Date(now.getTime() + LEASE_MS) } },
    { returnDocument: "after" },
  ).lean<BulkRecord>();
  return claimed ?? undefined;
}

export type PartAnswer = { changed: number; refused: number; problems: BulkProblem[]; seq: number };

/**
 * Notes a committed part and keeps the lease.
 * @returns undefined when somebody else works on it now
 */
export async function advanceBulk(
  record: BulkRecord,
  size: number,
  { changed, refused, problems, seq }: PartAnswer,
  now: Date,
): Promise<BulkRecord | undefined> {
  const { _id, leaseOwner, nextPart } = record;
  const told = [...record.problems, ...problems].slice(0, MAX_PROBLEMS);
  const next = await BulkModel.findOneAndUpdate(
    { _id, leaseOwner, nextPart, state: "running" },
    {
      $set: { problems: told, seq, leaseUntil: new Date(now.getTime() + LEASE_MS) },
      $inc: { nextPart: 1, done: size, changed, refused },
    },
    { returnDocument: "after" },
  ).lean<BulkRecord>();
  return next ?? undefined;
}

/**
 * Notes a part in the transaction that makes it, the last one with the end of the action: both or neither, so nobody
 * can take back what another process has just finished.
 * @returns undefined when somebody else works on it now, or when it is being taken back
 */
export async function advanceWithin(
  { _id, leaseOwner, nextPart, parts }: BulkRecord,
  { size, now }: { size: number; now: Date },
  session: ClientSession,
): Promise<BulkRecord | undefined> {
  const leaseUntil = new Date(now.getTime() + LEASE_MS);
  const isLast = nextPart + 1 === parts;
  const next = await BulkModel.findOneAndUpdate(
    { _id, leaseOwner, nextPart, state: "running", ending: null },
    {
      $set: isLast ? { state: "done", finishedAt: now, leaseOwner: null } : { leaseUntil },
      $inc: { nextPart: 1, done: size, changed: size },
    },
    { returnDocument: "after", session },
  ).lean<BulkRecord>();
  return next ?? undefined;
}

/** Decides that an action is taken back. @returns undefined when it has ended, or somebody else works on it now */
export async function beginEnding(
  { _id, leaseOwner }: BulkRecord,
  ending: NonNullable<BulkRecord["ending"]>,
  now: Date,
): Promise<BulkRecord | undefined> {
  const marked = await BulkModel.findOneAndUpdate(
    { _id, leaseOwner, state: "running" },
    { $set: { ending, leaseUntil: new Date(now.getTime() + LEASE_MS) } },
    { returnDocument: "after" },
  ).lean<BulkRecord>();
  return marked ?? undefined;
}

/** Imports of whole organizations that have not come to their end, whoever's or of one organization. */
export async function findRunningFileImports(
  organizationId?: string,
  session?: ClientSession,
): Promise<{ id: string; pipelineIds: string[] }[]> {
  const whose = organizationId === undefined ? {} : { organizationId };
  const records = await BulkModel.find(
    { state: "running", "work.kind": "organization", ...whose },
    { work: 1 },
  )
    .session(session ?? null)
    .lean<{ _id: mongoose.Types.ObjectId; work: { pipelineIds: string[] } }[]>();
  return records.map(({ _id, work }) => ({ id: _id.toHexString(), pipelineIds: work.pipelineIds }));
}

/** The end, whatever it is; the contacts are not needed any more. */
export async function finishBulk(
  { _id, leaseOwner }: BulkRecord,
  end: Pick<BulkRecord, "state" | "reason">,
  now: Date,
): Promise<BulkRecord | undefined> {
  const finished = await BulkModel.findOneAndUpdate(
    { _id, leaseOwner, state: "running" },
    { $set: { ...end, finishedAt: now, leaseOwner: null } },
    { returnDocument: "after" },
  ).lean<BulkRecord>();
  if (finished) await BulkPartModel.deleteMany({ bulkId: _id });
  return finished ?? undefined;
}

/** Leaves an action to whoever looks for work next. */
export async function releaseBulk({ _id, leaseOwner }: BulkRecord, now: Date): Promise<void> {
  await BulkModel.updateOne({ _id, leaseOwner, state: "running" }, { leaseOwner: null, leaseUntil: now });
}

export async function wantCancel(organizationId: string, id: string): Promise<BulkRecord | undefined> {
  const record = await BulkModel.findOneAndUpdate(
    { _id: id, organizationId, state: "running" },
    { $set: { cancelWanted: true } },
    { returnDocument: "after" },
  ).lean<BulkRecord>();
  return record ?? findBulk(organizationId, id);
}
