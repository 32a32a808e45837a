import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { BULK_AT_ONCE, MAX_BULK } from "@dmtracker/shared/contracts/limits.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { repeatAnswer } from "#server/pipeline/first-answer.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { BulkRecord, BulkWork } from "./bulk.model.ts";
import { findBulkOfMutation, insertBulk, LEASE_MS, toBulkAction } from "./bulk.store.ts";
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

/** The action that the same call has started before. */
export async function findStarted(
  organizationId: string,
  mutation: Mutation | undefined,
): Promise<BulkAction | undefined> {
  const known = mutation && (await findBulkOfMutation(organizationId, mutation.id));
  if (!known) return undefined;
  repeatAnswer(mutation, { id: mutation.id, fingerprint: known.fingerprint ?? "", answer: null });
  return toBulkAction(known);
}

/**
 * Starts one act on many contacts. Up to `BULK_AT_ONCE` it is one commit and the answer is how it ended; more run
 * on after the answer, part by part, in whichever process is there.
 * @throws AppError too_large, key_reused
 */
export async function startBulk(app: AppContext, input: BulkInput): Promise<BulkAction> {
  const { organizationId, pipelineId, actor, title, work, contactIds, mutation } = input;
  const first = await findStarted(organizationId, mutation);
  if (first) return first;
  const parts = inParts(contactIds);
  const total = parts.reduce((sum, ids) => sum + ids.length, 0);
  if (total > MAX_BULK) {
    throw new AppError("too_large", `At most ${MAX_BULK} contacts at a time: choose fewer by a filter`);
  }
  const now = app.now();
  const record: BulkRecord = {
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    pipelineId: new mongoose.Types.ObjectId(pipelineId),
    work,
    actor,
    title,
    ...(mutation && { mutationId: mutation.id }),
    fingerprint: mutation?.fingerprint ?? null,
    state: "running",
    cancelWanted: false,
    total,
    parts: parts.length,
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
  if (!(await insertBulk(record, parts))) {
    return (await findStarted(organizationId, mutation)) ?? startBulk(app, input);
  }
  const run = app.bulks.track(runBulk(app, record));
  if (parts.length <= 1) return run;
  run.catch((error: unknown) =>
    app.logger.error({ err: error }, "a bulk action stopped and is taken up again"),
  );
  return toBulkAction(record);
}
