import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { BULK_AT_ONCE, MAX_BULK } from "@dmtracker/shared/contracts/limits.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { findFirstAnswer } from "#server/pipeline/first-answer.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { BulkRecord, BulkWork } from "./bulk.model.ts";
import { findBulk, insertBulk, LEASE_MS, toBulkAction, type StartedBulk } from "./bulk.store.ts";
import { runBulk } from "./run-bulk.ts";

/** Contacts of one commit when there are too many for one: others get their turn in between. */
const PART_SIZE = 250;

export type BulkInput = {
  organizationId: string;
  pipelineId: string;
  actor: Actor;
  title: string;
  work: BulkWork;
  contactIds: readonly string[];
  mutation?: Mutation | undefined;
};

function inParts(contactIds: readonly string[]): string[][] {
  const ids = [...new Set(contactIds)];
  const size = ids.length <= BULK_AT_ONCE ? BULK_AT_ONCE : PART_SIZE;
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, index) =>
    ids.slice(index * size, (index + 1) * size),
  );
}

/** Whoever comes to stand on top, or below a card, pushes down who came before: the last part goes first then. */
function goesLastFirst(work: BulkWork): boolean {
  if (work.kind !== "change") return false;
  const { stageId, after, before } = work.change;
  return after != null || (stageId !== undefined && before == null);
}

/** The action that the same call has started before. @throws AppError key_reused */
export async function findStarted(
  organizationId: string,
  mutation: Mutation | undefined,
): Promise<BulkAction | undefined> {
  const first = await findFirstAnswer<Partial<StartedBulk>>(organizationId, mutation);
  const known = first?.bulkId === undefined ? undefined : await findBulk(organizationId, first.bulkId);
  return known && toBulkAction(known);
}

/** A bulk action that begins: its contacts in parts, or so many parts of something else. */
export type NewBulk = Omit<BulkInput, "contactIds"> & {
  id?: string;
  total: number;
  parts: number;
  contactIds: readonly (readonly string[])[];
};

function newRecord(app: AppContext, input: NewBulk): BulkRecord {
  const { organizationId, pipelineId, actor, title, work, total, parts } = input;
  const now = app.now();
  return {
    _id: new mongoose.Types.ObjectId(input.id),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    pipelineId: new mongoose.Types.ObjectId(pipelineId),
    work,
    actor,
    title,
    state: "running",
    cancelWanted: false,
    total,
    parts,
    nextPart: 0,
    done: 0,
    changed: 0,
    refused: 0,
    problems: [],
    reason: null,
    seq: 0,
    leaseOwner: app.bulks.owner,
    leaseUntil: new Date(now.getTime() + LEASE_MS),
    startedAt: now,
    finishedAt: null,
  };
}

/**
 * Keeps a new action and works on it: one part is over when this answers, more run on after it.
 * @returns undefined when it was begun before
 */
export async function runNewBulk(app: AppContext, input: NewBulk): Promise<BulkAction | undefined> {
  const record = newRecord(app, input);
  if (!(await insertBulk(record, input.contactIds, input.mutation))) return undefined;
  const run = app.bulks.track(runBulk(app, record));
  if (record.parts <= 1) return run;
  run.catch((error: unknown) =>
    app.logger.error({ err: error }, "a bulk action stopped and is taken up again"),
  );
  return toBulkAction(record);
}

/**
 * Starts one act on many contacts. Up to `BULK_AT_ONCE` it is one commit and the answer is how it ended; more run
 * on after the answer, part by part, in whichever process is there.
 * @throws AppError too_large, key_reused
 */
export async function startBulk(app: AppContext, input: BulkInput): Promise<BulkAction> {
  const { organizationId, mutation } = input;
  const first = await findStarted(organizationId, mutation);
  if (first) return first;
  const parts = inParts(input.contactIds);
  const contactIds = goesLastFirst(input.work) ? parts.reverse() : parts;
  const total = contactIds.reduce((sum, ids) => sum + ids.length, 0);
  if (total > MAX_BULK) {
    throw new AppError("too_large", `At most ${MAX_BULK} contacts at a time: choose fewer by a filter`);
  }
  const started = await runNewBulk(app, { ...input, total, parts: parts.length, contactIds });
  return started ?? (await findStarted(organizationId, mutation)) ?? startBulk(app, input);
}
