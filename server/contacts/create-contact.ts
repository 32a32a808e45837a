import type { ContactChange, NewContact } from "@dmtracker/shared/contracts/contact.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { decideNew } from "@dmtracker/shared/pipeline/decide-new.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { findMembership } from "#server/organizations/member.store.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import type { WorkingSet } from "#server/pipeline/working-set.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { ensureTags, insertPlannedTags, planTags } from "#server/tags/tag.store.ts";
import { changeContact, settleDecision, throwRefusal, type ChangeAnswer } from "./change-contact.ts";
import { findContact } from "./contact.store.ts";

export type CreateContactInput = {
  organizationId: string;
  /** Where a contact that does not exist yet is put. */
  pipelineId: string;
  actor: Actor;
  contact: Omit<NewContact, "id" | "tagIds"> & { tags?: string[] | undefined };
  /** Refuse to update a known contact that is not at this version any more (`If-Match`). */
  seenVersion?: number | undefined;
  mutation?: Mutation | undefined;
  /** When it happened; now unless history is being written. */
  at?: Date;
};

/** Two callers may bring the same new contact at once: the loser finds it and updates it. */
const MAX_TRIES = 3;

/** By ManyChat id when one is given and known, else by handle: a contact may be met first by its handle. */
async function findExisting(organizationId: string, contact: CreateContactInput["contact"]) {
  const { manychatId, username } = contact;
  const byManychat = manychatId ? await findContact(organizationId, { manychatId }) : undefined;
  return byManychat ?? (await findContact(organizationId, { username }));
}

function toChange(contact: CreateContactInput["contact"], tagIds: string[]): ContactChange {
  const { source: _source, tags: _tags, ...change } = contact;
  return { ...change, ...(tagIds.length > 0 ? { tags: { add: tagIds } } : {}) };
}

async function decideInBatch(
  { actor, contact, at }: CreateContactInput & { at: Date },
  id: string,
  batch: WorkingSet,
  batchId: string,
): Promise<ChangeAnswer> {
  const { username, manychatId } = contact;
  const twin = batch.findCreated(
    (other) => other.username === username || (!!manychatId && other.manychatId === manychatId),
  );
  if (twin) throw new AppError("duplicate", "This contact is being created by another call");
  const targets = batch.pipeline.rules.filter(({ enabled, type }) => enabled && type === "status_to_stage");
  const [first] = batch.pipeline.stages;
  await batch.ranks.prepare(
    new Set(
      [contact.stageId ?? first?.id, ...targets.map(({ stageId }) => stageId)].filter(
        (stageId) => stageId !== undefined,
      ),
    ),
  );
  const { tags: names = [], ...fields } = contact;
  for (;;) {
    const plan = await planTags(batch.organizationId, names);
    const decision = decideNew(
      { ...fields, id, tagIds: plan.ids },
      {
        pipeline: batch.pipeline,
        settings: await batch.settings(),
        actor,
        now: at.toISOString(),
        head: batch.pipeline.seq,
        batchId,
        rankFor: (stageId, place, moving) => batch.ranks.rankFor(stageId, place, moving),
      },
    );
    // A refused contact leaves no tags behind; a tag that somebody made meanwhile is taken on the second look.
    if (!decision.ok || (await insertPlannedTags(plan))) return settleDecision(decision, batch);
  }
}

/** @throws AppError invalid when a new contact is given to somebody who is no member */
async function requireAssignee(
  app: AppContext,
  { organizationId, contact: { assigneeId } }: CreateContactInput,
): Promise<void> {
  if (!assigneeId || (await findMembership(app.auth, assigneeId, organizationId))) return;
  throw invalidField("assigneeId", "must be a member of the organization");
}

const REMOVED = { ok: false, code: "removed", path: "", message: "It was removed meanwhile" } as const;

/** @returns undefined when it was removed meanwhile: who comes again is a new contact then [RM4] */
async function updateExisting(
  app: AppContext,
  { organizationId, contact, actor, mutation, at, seenVersion }: CreateContactInput,
  contactId: string,
): Promise<ChangeAnswer | undefined> {
  const change = toChange(contact, await ensureTags(organizationId, contact.tags ?? []));
  const strict = seenVersion !== undefined;
  const call = { organizationId, contactId, change, actor, mutation, seenVersion, strict };
  try {
    return await changeContact(app, { ...call, ...(at && { at }) });
  } catch (error) {
    if (error instanceof AppError && error.code === "removed") return undefined;
    throw error;
  }
}

/**
 * Creates a contact, or updates the one that has the same ManyChat id or handle: never a duplicate.
 * `changed` of the answer is `["created"]` for a new one.
 * @throws AppError not_found, unknown_stage, invalid, duplicate, key_reused, busy, stopping
 */
export async function createContact(app: AppContext, input: CreateContactInput): Promise<ChangeAnswer> {
  const { organizationId, contact, mutation } = input;
  const at = input.at ?? app.now();
  for (let attempt = 1; ; attempt += 1) {
    const existing = await findExisting(organizationId, contact);
    if (existing) {
      const updated = await updateExisting(app, { ...input, at }, existing.id);
      if (updated || attempt === MAX_TRIES) return updated ?? throwRefusal(REMOVED);
      continue;
    }
    await requireAssignee(app, input);
    const id = new mongoose.Types.ObjectId().toHexString();
    try {
      return await app.commits.submit(input.pipelineId, {
        mutation,
        contactIds: [],
        decide: (batch, batchId) => decideInBatch({ ...input, at }, id, batch, batchId),
      });
    } catch (error) {
      const isTaken = error instanceof AppError && error.code === "duplicate";
      if (!isTaken || attempt === MAX_TRIES) throw error;
    }
  }
}
