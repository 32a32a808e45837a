import type { Contact, ContactChange, ContactFields } from "../contracts/contact.ts";
import type { Cause, EventState, PipelineEvent, PipelineEventType } from "../contracts/event.ts";
import type { Actor } from "../contracts/people.ts";
import { applyToContact } from "./apply-event.ts";
import { describeRule, type RuleEffect } from "./automations.ts";
import type { AppliedRule, DecisionContext, Place } from "./decision.ts";
import { decideFollowUp, isStopped, stepAfter } from "./follow-ups.ts";

const FIELD_NAMES = [
  "username",
  "displayName",
  "email",
  "phone",
  "manychatId",
  "igId",
] as const satisfies (keyof ContactFields)[];

/** Collects the events of one call and folds them into the contact as they come. */
export class Draft {
  readonly events: PipelineEvent[] = [];
  contact: Contact;
  readonly #context: DecisionContext;
  readonly #version: number;

  constructor(contact: Contact, context: DecisionContext) {
    this.contact = contact;
    this.#context = context;
    this.#version = contact.version + 1;
  }

  add(
    type: PipelineEventType,
    before: EventState,
    after: EventState,
    by?: { actor: Actor; cause: Cause | null },
  ): void {
    const { pipeline, actor, now, head, batchId, undoes } = this.#context;
    const event: PipelineEvent = {
      pipelineId: pipeline.id,
      seq: head + this.events.length + 1,
      type,
      contactId: this.contact.id,
      username: this.contact.username,
      before,
      after: { ...after, version: this.#version },
      actor: by?.actor ?? actor,
      cause: by?.cause ?? null,
      batchId,
      ...(undoes && { undoes }),
      at: now,
    };
    this.events.push(event);
    this.contact = applyToContact(this.contact, event) ?? this.contact;
  }

  causeOf(type: PipelineEventType): Cause | null {
    const event = this.events.findLast((earlier) => earlier.type === type);
    return event ? { seq: event.seq, type: event.type, actor: event.actor } : null;
  }

  bucket(): EventState {
    return { stageId: this.contact.stageId, leadStatus: this.contact.leadStatus, value: this.contact.value };
  }
}

/** What a person adds to an outcome in the same call: why it was lost, what it was worth. */
export type Outcome = Pick<ContactChange, "lostReason" | "value">;

type Author = { actor: Actor; cause: Cause | null };

export function enterStage(
  draft: Draft,
  context: DecisionContext,
  stageId: string,
  place: Place | undefined,
  by?: Author,
): void {
  const rank = context.rankFor(stageId, place, draft.contact);
  const { rank: oldRank, stageEnteredAt } = draft.contact;
  const before = { ...draft.bucket(), rank: oldRank, stageEnteredAt };
  draft.add("contact.stage_changed", before, { stageId, rank, stageEnteredAt: context.now }, by);
}

export function becomeStatus(
  draft: Draft,
  context: DecisionContext,
  leadStatus: Contact["leadStatus"],
  { lostReason, value }: Outcome,
  by?: Author,
): void {
  const before: EventState = { ...draft.bucket(), statusChangedAt: draft.contact.statusChangedAt };
  const after: EventState = { leadStatus, statusChangedAt: context.now };
  const nextReason = leadStatus === "lost" ? (lostReason ?? null) : null;
  if (nextReason !== draft.contact.lostReason) {
    before.lostReason = draft.contact.lostReason;
    after.lostReason = nextReason;
  }
  if (value !== undefined && value !== draft.contact.value) after.value = value;
  if (leadStatus !== "open" && draft.contact.parked) {
    before.parked = draft.contact.parked;
    after.parked = null;
  }
  if (isStopped(leadStatus, context.settings) && draft.contact.followUpStep !== 0) {
    // Whoever reopens the contact begins the cadence anew.
    before.followUpStep = draft.contact.followUpStep;
    after.followUpStep = 0;
  }
  draft.add("contact.status_changed", before, after, by);
}

export function changeFields(draft: Draft, change: ContactChange): string[] {
  const { contact } = draft;
  const before: EventState = {};
  const after: EventState = {};
  const changed: string[] = [];
  for (const name of FIELD_NAMES) {
    const value = change[name];
    if (value === undefined || value === contact[name]) continue;
    Object.assign(before, { [name]: contact[name] });
    Object.assign(after, { [name]: value });
    changed.push(name);
  }
  if (change.lostReason !== undefined && change.lostReason !== contact.lostReason) {
    before.lostReason = contact.lostReason;
    after.lostReason = change.lostReason;
    changed.push("lostReason");
  }
  if (change.value !== undefined && change.value !== contact.value) {
    Object.assign(before, draft.bucket());
    after.value = change.value;
    changed.push("value");
  }
  if (changed.length > 0) draft.add("contact.fields_changed", before, after);
  return changed;
}

export function nextTagIds(
  current: readonly string[],
  { add = [], remove = [], set }: NonNullable<ContactChange["tags"]>,
): string[] {
  const kept = (set ?? current).filter((id) => !remove.includes(id));
  return [...new Set([...kept, ...add])];
}

/** The conversation status that a message leads to: only messages move it [CS1]. */
export function conversationStatusAfter(
  contact: Pick<Contact, "conversationStatus">,
  direction: "in" | "out",
): NonNullable<Contact["conversationStatus"]> {
  if (direction === "out") return "no_reply";
  const weWroteBefore = contact.conversationStatus === "no_reply" || contact.conversationStatus === "replied";
  return weWroteBefore ? "replied" : "new_message";
}

/** Older than what is known already: typed offline, or told late by a program. It moves nothing [CS2]. */
export function isLate({ lastMessage }: Contact, { at }: NonNullable<ContactChange["message"]>): boolean {
  return lastMessage !== null && Date.parse(at) < Date.parse(lastMessage.at);
}

export function logMessage(
  draft: Draft,
  message: NonNullable<ContactChange["message"]>,
  { settings }: DecisionContext,
): void {
  const { lastMessage, conversationStatus, followUpStep } = draft.contact;
  if (isLate(draft.contact, message)) {
    draft.add("contact.message_logged", {}, { message });
    return;
  }
  const before: EventState = { lastMessage, conversationStatus };
  const after: EventState = {
    lastMessage: message,
    conversationStatus: conversationStatusAfter(draft.contact, message.direction),
  };
  const step = stepAfter(draft.contact, message.direction, settings);
  if (step !== followUpStep) {
    before.followUpStep = followUpStep;
    after.followUpStep = step;
  }
  draft.add("contact.message_logged", before, after);
}

/** What everything before it in this call means for the follow-up; what the person names themselves wins. */
export function followUp(
  draft: Draft,
  start: Contact,
  change: ContactChange,
  context: DecisionContext,
): void {
  const next = decideFollowUp(draft.contact, start, change, context);
  if (!next) return;
  const by = { actor: context.actor, cause: next.trigger ? draft.causeOf(next.trigger) : null };
  const before: EventState = { followUp: draft.contact.followUp };
  const after: EventState = { followUp: next.followUp };
  if (next.followUpStep !== undefined) {
    before.followUpStep = draft.contact.followUpStep;
    after.followUpStep = next.followUpStep;
  }
  draft.add(next.type, before, after, by);
}

export function applyEffect(
  draft: Draft,
  context: DecisionContext,
  effect: RuleEffect,
  trigger: PipelineEventType,
  outcome: Outcome,
): AppliedRule {
  const { rule } = effect;
  const description = describeRule(rule, context.pipeline.stages);
  const by: Author = {
    actor: { type: "automation", id: rule.id, name: description },
    cause: draft.causeOf(trigger),
  };
  if (effect.status) {
    becomeStatus(draft, context, effect.status, outcome, by);
    return { rule, description, changed: "status" };
  }
  enterStage(draft, context, effect.stageId as string, undefined, by);
  return { rule, description, changed: "stage" };
}
