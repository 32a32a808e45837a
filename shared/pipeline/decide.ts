import type { Contact, ContactChange, ContactFields, NewContact } from "../contracts/contact.ts";
import { MAX_TAGS } from "../contracts/limits.ts";
import type { ErrorCode } from "../contracts/errors.ts";
import type { Cause, EventState, PipelineEvent, PipelineEventType } from "../contracts/event.ts";
import type { OrganizationSettings } from "../contracts/organization-settings.ts";
import type { Actor } from "../contracts/people.ts";
import type { Pipeline, Rule } from "../contracts/pipeline.ts";
import { applyToContact } from "./apply-event.ts";
import { automate, describeRule, type RuleEffect } from "./automations.ts";
import { decideFollowUp, isStopped, stepAfter } from "./follow-ups.ts";

/** Where a contact shall stand: directly below `after`, directly above `before`; neither means on top. */
export type Place = { after: string | null; before: string | null };

export type DecisionContext = {
  pipeline: Pick<Pipeline, "id" | "stages" | "rules">;
  /** Cadence and time zone of follow-ups. */
  settings: OrganizationSettings;
  actor: Actor;
  /** ISO 8601; time is an argument so that the same call always decides the same. */
  now: string;
  /** Number of the last event; those of this decision follow it. */
  head: number;
  batchId: string;
  /** The rank for a place in a stage; the contact's own rank when it already stands there. */
  rankFor(stageId: string, place: Place | undefined, contact: Contact | undefined): string;
};

export type AppliedRule = { rule: Rule; description: string; changed: "stage" | "status" };

export type Decision = {
  ok: true;
  contact: Contact;
  /** In order, numbered from `head + 1`. Empty when everything already had the wanted value. */
  events: PipelineEvent[];
  changed: string[];
  automations: AppliedRule[];
};

export type Refusal = { ok: false; code: ErrorCode; path: string; message: string };

const FIELD_NAMES = [
  "username",
  "displayName",
  "email",
  "phone",
  "manychatId",
  "igId",
] as const satisfies (keyof ContactFields)[];

/** Collects the events of one call and folds them into the contact as they come. */
class Draft {
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
    const { pipeline, actor, now, head, batchId } = this.#context;
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
type Outcome = Pick<ContactChange, "lostReason" | "value">;

type Author = { actor: Actor; cause: Cause | null };

function enterStage(
  draft: Draft,
  context: DecisionContext,
  stageId: string,
  place: Place | undefined,
  by?: Author,
): void {
  const rank = context.rankFor(stageId, place, draft.contact);
  const before = { ...draft.bucket(), rank: draft.contact.rank };
  draft.add("contact.stage_changed", before, { stageId, rank, stageEnteredAt: context.now }, by);
}

function becomeStatus(
  draft: Draft,
  context: DecisionContext,
  leadStatus: Contact["leadStatus"],
  { lostReason, value }: Outcome,
  by?: Author,
): void {
  const before: EventState = draft.bucket();
  const after: EventState = { leadStatus, statusChangedAt: context.now };
  const nextReason = leadStatus === "lost" ? (lostReason ?? null) : null;
  if (nextReason !== draft.contact.lostReason) {
    before.lostReason = draft.contact.lostReason;
    after.lostReason = nextReason;
  }
  if (value !== undefined && value !== draft.contact.value) after.value = value;
  if (isStopped(leadStatus, context.settings) && draft.contact.followUpStep !== 0) {
    // Whoever reopens the contact begins the cadence anew.
    before.followUpStep = draft.contact.followUpStep;
    after.followUpStep = 0;
  }
  draft.add("contact.status_changed", before, after, by);
}

function changeFields(draft: Draft, change: ContactChange): string[] {
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

function nextTagIds(
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
function isLate({ lastMessage }: Contact, { at }: NonNullable<ContactChange["message"]>): boolean {
  return lastMessage !== null && Date.parse(at) < Date.parse(lastMessage.at);
}

function logMessage(
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
function followUp(draft: Draft, start: Contact, change: ContactChange, context: DecisionContext): void {
  const next = decideFollowUp(draft.contact, start, change, context);
  if (!next) return;
  const by = { actor: context.actor, cause: next.trigger ? draft.causeOf(next.trigger) : null };
  draft.add(next.type, { followUp: draft.contact.followUp }, { followUp: next.followUp }, by);
}

function applyEffect(
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

function stageExists(context: DecisionContext, stageId: string): boolean {
  return context.pipeline.stages.some(({ id }) => id === stageId);
}

function unknownStage(context: DecisionContext): Refusal {
  const names = context.pipeline.stages.map(({ name }) => name).join(", ");
  return {
    ok: false,
    code: "unknown_stage",
    path: "stageId",
    message: `No such stage. The stages are: ${names}`,
  };
}

function checkLostReason({ lostReason }: Outcome, status: Contact["leadStatus"]): Refusal | undefined {
  if (lostReason == null || status === "lost") return undefined;
  const message = "A lost reason goes only with the status lost";
  return { ok: false, code: "invalid", path: "lostReason", message };
}

/** Rules whose stage is gone cannot act; deleting a stage switches them off, this holds even before that. */
function liveRules(context: DecisionContext): Rule[] {
  return context.pipeline.rules.filter(({ stageId }) => stageExists(context, stageId));
}

/**
 * Decides one change of one contact: what is saved, what is logged, what rules add. Pure: the server runs it with
 * authority, the browser runs it for its optimistic view. Never throws; what cannot be done is a Refusal.
 */
export function decide(
  contact: Contact,
  change: ContactChange,
  context: DecisionContext,
): Decision | Refusal {
  const { status, stageId } = change;
  if (stageId !== undefined && !stageExists(context, stageId)) return unknownStage(context);
  const effect = automate(
    { stageId: contact.stageId, status: contact.leadStatus },
    { stageId, status },
    liveRules(context),
  );
  const statusAfter = status ?? effect?.status ?? contact.leadStatus;
  const misplaced = checkLostReason(change, statusAfter);
  if (misplaced) return misplaced;

  if (change.followUp?.act === "snooze" && contact.followUp === null) {
    return {
      ok: false,
      code: "invalid",
      path: "followUp",
      message: "There is no follow-up to snooze: schedule one",
    };
  }

  const draft = new Draft(contact, context);
  const changed: string[] = [];
  const automations: AppliedRule[] = [];
  const place =
    change.after !== undefined || change.before !== undefined
      ? { after: change.after ?? null, before: change.before ?? null }
      : undefined;

  if (stageId !== undefined && stageId !== contact.stageId) {
    enterStage(draft, context, stageId, place);
    changed.push("stage");
  } else if (place) {
    const rank = context.rankFor(contact.stageId, place, contact);
    if (rank !== contact.rank) {
      draft.add("contact.reordered", { rank: contact.rank }, { rank });
      changed.push("place");
    }
  }
  if (status !== undefined && status !== contact.leadStatus) {
    becomeStatus(draft, context, status, change);
    changed.push("status");
  }
  if (effect) {
    const trigger = effect.status ? "contact.stage_changed" : "contact.status_changed";
    const applied = applyEffect(draft, context, effect, trigger, change);
    automations.push(applied);
    changed.push(applied.changed);
  }
  let rest = change;
  if (changed.includes("status")) {
    // Reason and value went into the status event; they are named here so that the caller sees them.
    if (draft.contact.lostReason !== contact.lostReason) changed.push("lostReason");
    if (draft.contact.value !== contact.value) changed.push("value");
    rest = { ...change, lostReason: undefined, value: undefined };
  }
  changed.push(...changeFields(draft, rest));
  if (change.tags) {
    const tagIds = nextTagIds(draft.contact.tagIds, change.tags);
    if (tagIds.length > MAX_TAGS) {
      return { ok: false, code: "invalid", path: "tags", message: `A contact has at most ${MAX_TAGS} tags` };
    }
    if (tagIds.length !== contact.tagIds.length || tagIds.some((id) => !contact.tagIds.includes(id))) {
      draft.add("contact.tags_changed", { tagIds: contact.tagIds }, { tagIds });
      changed.push("tags");
    }
  }
  if (change.assigneeId !== undefined && change.assigneeId !== contact.assigneeId) {
    draft.add("contact.assigned", { assigneeId: contact.assigneeId }, { assigneeId: change.assigneeId });
    changed.push("assignee");
  }
  if (change.message) {
    logMessage(draft, change.message, context);
    changed.push("message");
  }
  if (change.note !== undefined) {
    draft.add("contact.note_added", {}, { note: change.note });
    changed.push("note");
  }
  const before = draft.events.length;
  const isNews = change.message && !isLate(contact, change.message);
  followUp(draft, contact, isNews ? change : { ...change, message: undefined }, context);
  if (change.followUp !== undefined && draft.events.length > before) changed.push("followUp");
  return { ok: true, contact: draft.contact, events: draft.events, changed, automations };
}

/**
 * Decides a new contact. It enters its stage (the first one when none is named), so rules on that stage act; the
 * default status Open is a state and no change, so rules on Open do not.
 */
export function decideNew(input: NewContact, context: DecisionContext): Decision | Refusal {
  const { status, stageId } = input;
  const [firstStage] = context.pipeline.stages;
  if (!firstStage || (stageId !== undefined && !stageExists(context, stageId))) return unknownStage(context);
  const before = { stageId: undefined, status: "open" as const };
  const rules = liveRules(context);
  const byName = automate(before, { stageId, status }, rules);
  const enteredStageId = byName?.stageId ?? stageId ?? firstStage.id;
  const byDefault =
    byName || stageId !== undefined
      ? undefined
      : automate(before, { stageId: enteredStageId, status }, rules);
  const misplaced = checkLostReason(input, status ?? byName?.status ?? byDefault?.status ?? "open");
  if (misplaced) return misplaced;

  const startStageId = stageId ?? firstStage.id;
  const blank: Contact = {
    id: input.id,
    pipelineId: context.pipeline.id,
    stageId: startStageId,
    rank: context.rankFor(startStageId, undefined, undefined),
    username: input.username,
    displayName: input.displayName ?? null,
    email: input.email ?? null,
    phone: input.phone ?? null,
    manychatId: input.manychatId ?? null,
    igId: input.igId ?? null,
    value: input.value ?? null,
    tagIds: [...new Set(input.tagIds ?? [])],
    assigneeId: input.assigneeId ?? null,
    leadStatus: "open",
    lostReason: null,
    conversationStatus: null,
    lastMessage: null,
    followUp: null,
    followUpStep: 0,
    source: input.source,
    version: 1,
    seq: context.head + 1,
    createdAt: context.now,
    stageEnteredAt: context.now,
    statusChangedAt: context.now,
    lastActivityAt: context.now,
  };
  // The created event carries the whole contact; everything after it is an ordinary event of the same version.
  const draft = new Draft({ ...blank, version: 0, seq: context.head }, context);
  draft.add("contact.created", {}, blank);
  draft.contact = blank;
  const automations: AppliedRule[] = [];
  // A named status is a change like any other, so a contact that comes in as Won is a win.
  if (status !== undefined && status !== "open") becomeStatus(draft, context, status, input);
  const effect = byName ?? byDefault;
  if (effect) {
    const trigger = effect.stageId ? "contact.status_changed" : "contact.created";
    automations.push(applyEffect(draft, context, effect, trigger, input));
  }
  if (input.message) logMessage(draft, input.message, context);
  followUp(draft, blank, { status, message: input.message }, context);
  return { ok: true, contact: draft.contact, events: draft.events, changed: ["created"], automations };
}
