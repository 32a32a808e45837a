import { WRITTEN_FIELD } from "@dmtracker/shared/contracts/conflict-fields.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import type { AppliedRule, Decision, Place, Refusal } from "@dmtracker/shared/pipeline/decision.ts";
import { stageToReturnTo } from "@dmtracker/shared/pipeline/removal.ts";
import type { AppContext } from "#server/app-context.ts";
import { rebalanceWhenLong } from "#server/pipeline/rebalance-stage.ts";
import { findFirstAnswer } from "#server/pipeline/first-answer.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import type { InTurn } from "#server/platform/in-turn.ts";
import type { WorkingSet } from "#server/pipeline/working-set.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findTags, requireTags } from "#server/tags/tag.store.ts";
import { findConflict } from "./find-conflict.ts";
import { requireNamed } from "./require-named.ts";

export type ChangeContactInput = {
  organizationId: string;
  contactId: string;
  /** Where the contact lives, when the caller has just read it: saves a look-up. */
  pipelineId?: string;
  change: ContactChange;
  actor: Actor;
  /** The version that the caller saw; absent means "whatever it is now". */
  seenVersion?: number | undefined;
  /** Refuse whatever changed since `seenVersion`, not only the same fields (`If-Match`). */
  strict?: boolean;
  /** Looked at with the contact in hand: a change that is not wanted any more changes nothing. */
  when?: (contact: Contact, pipeline: Pipeline) => boolean;
  mutation?: Mutation | undefined;
  /** When it happened; now unless history is being written. */
  at?: Date;
  /** For callers that send one change behind the other: look-ups may overlap, queueing keeps their order. */
  inTurn?: InTurn;
};

/** What was committed. Plain JSON: a retry of the same mutation gets it again. */
export type ChangeAnswer = {
  contactId: string;
  pipelineId: string;
  username: string;
  manychatId: string | null;
  leadStatus: LeadStatus;
  stageId: string;
  stageName: string;
  rank: string;
  tagIds: string[];
  version: number;
  /** The last event of this change; the pipeline's head when nothing changed. */
  seq: number;
  /** What its events have in common; null when nothing changed. */
  batchId: string | null;
  changed: string[];
  automations: { ruleId: string; description: string; changed: AppliedRule["changed"] }[];
};

/** Same answer for "absent" and "not yours", so ids cannot be probed. */
const noSuchContact = () => new AppError("not_found", "No such contact");

function placeOf({ after, before }: ContactChange): Place | undefined {
  if (after === undefined && before === undefined) return undefined;
  return { after: after ?? null, before: before ?? null };
}

/** Stages that a change may put its contact into: the named one, or the one a rule names for its status. */
export function stagesToEnter(
  { stageId, status }: Pick<ContactChange, "stageId" | "status">,
  batch: WorkingSet,
): string[] {
  if (stageId !== undefined) return [stageId];
  return batch.pipeline.rules
    .filter((rule) => rule.enabled && rule.type === "status_to_stage" && rule.status === status)
    .map((rule) => rule.stageId);
}

/** A contact comes back without the tags that were deleted meanwhile. */
async function withoutWhatIsGone(contact: Contact, organizationId: string): Promise<Contact> {
  if (contact.tagIds.length === 0) return contact;
  const known = new Set((await findTags(organizationId)).map(({ id }) => id));
  return { ...contact, tagIds: contact.tagIds.filter((id) => known.has(id)) };
}

async function decideInBatch(
  {
    organizationId,
    contactId,
    change,
    actor,
    seenVersion,
    strict,
    when,
    at,
  }: ChangeContactInput & { at: Date },
  batch: WorkingSet,
  batchId: string,
): Promise<ChangeAnswer> {
  const known = batch.find(contactId);
  if (!known || batch.organizationId !== organizationId) throw noSuchContact();
  const contact = change.removed === false ? await withoutWhatIsGone(known, organizationId) : known;
  const conflict = findConflict(change, batch.touchedOf(contactId), seenVersion, actor.id);
  if (conflict || (strict && seenVersion !== contact.version)) {
    const path = conflict?.name ?? "If-Match";
    const who = conflict?.by ?? "Someone else";
    throw new AppError("conflict", `${who} changed this contact meanwhile`, {
      issues: [{ path, message: `was changed meanwhile, the contact is now at version ${contact.version}` }],
      conflict: conflict && {
        field: conflict.name,
        theirs: contact[WRITTEN_FIELD[conflict.name]],
        by: conflict.by,
        at: conflict.at,
      },
    });
  }
  // Again, where nothing can come between: a tag that is just being deleted must not stay on anybody [TG2].
  await requireTags(organizationId, [...(change.tags?.add ?? []), ...(change.tags?.set ?? [])]);
  if (when && (contact.removed || !when(contact, batch.pipeline))) return answerUnchanged(contact, batch);
  const place = placeOf(change);
  await batch.ranks.prepare(
    new Set([
      ...stagesToEnter(change, batch),
      ...(place ? [change.stageId ?? contact.stageId] : []),
      ...(change.removed === false ? [stageToReturnTo(contact, batch)] : []),
    ]),
    place && {
      stageId: change.stageId ?? contact.stageId,
      contactId,
      above: place.after === null ? undefined : batch.find(place.after),
      below: place.before === null ? undefined : batch.find(place.before),
    },
  );
  const decision = decide(contact, change, {
    pipeline: batch.pipeline,
    settings: await batch.settings(),
    actor,
    now: at.toISOString(),
    head: batch.pipeline.seq,
    batchId,
    rankFor: (stageId, wanted, moving) => batch.ranks.rankFor(stageId, wanted, moving),
  });
  return settleDecision(decision, batch);
}

/** A refusal as the AppError that doors answer with. */
export function throwRefusal({ code, path, message }: Refusal): never {
  throw new AppError(code, message, { issues: [{ path, message }] });
}

const answerUnchanged = (contact: Contact, batch: WorkingSet): ChangeAnswer =>
  settleDecision({ ok: true, contact, events: [], changed: [], automations: [] }, batch);

/** Takes a decision into the batch and makes the one answer that every door translates for its callers. */
export function settleDecision(decision: Decision | Refusal, batch: WorkingSet): ChangeAnswer {
  if (!decision.ok) throwRefusal(decision);
  const { contact, changed, automations, events } = decision;
  batch.record(events, contact);
  return {
    contactId: contact.id,
    pipelineId: contact.pipelineId,
    username: contact.username,
    manychatId: contact.manychatId,
    leadStatus: contact.leadStatus,
    stageId: contact.stageId,
    stageName: batch.pipeline.stages.find(({ id }) => id === contact.stageId)?.name ?? "",
    rank: contact.rank,
    tagIds: contact.tagIds,
    version: contact.version,
    seq: batch.pipeline.seq,
    batchId: events[0]?.batchId ?? null,
    changed,
    automations: automations.map((applied) => ({
      ruleId: applied.rule.id,
      description: applied.description,
      changed: applied.changed,
    })),
  };
}

/** Checks what lies outside the pipeline, and finds the pipeline whose queue the change must join. */
async function prepare(
  app: AppContext,
  { organizationId, contactId, change, pipelineId: known }: ChangeContactInput,
): Promise<string> {
  const pipelineId = known ?? (await app.places.find(organizationId, contactId));
  if (!pipelineId) throw noSuchContact();
  await requireNamed(app, organizationId, change);
  return pipelineId;
}

/**
 * Changes one contact: the one way in for drag, menu, bulk, REST, rule, import and timer. Answers when the change,
 * what rules added to it, its events and the pipeline's counter are committed together.
 * @throws AppError not_found, removed, unknown_stage, invalid, conflict, duplicate, key_reused, busy, stopping
 */
export async function changeContact(app: AppContext, input: ChangeContactInput): Promise<ChangeAnswer> {
  const { contactId, change } = input;
  let pipelineId: string;
  try {
    const ready = prepare(app, input);
    pipelineId = await (input.inTurn ? input.inTurn(ready) : ready);
  } catch (error) {
    const first = await findFirstAnswer<ChangeAnswer>(input.organizationId, input.mutation);
    if (first) return first;
    throw error;
  }
  const at = input.at ?? app.now();
  const answer = await app.commits.submit(pipelineId, {
    mutation: input.mutation,
    contactIds: [contactId, change.after, change.before].filter((id) => id != null),
    decide: (batch, batchId) => decideInBatch({ ...input, at }, batch, batchId),
  });
  rebalanceWhenLong(app, answer);
  return answer;
}
