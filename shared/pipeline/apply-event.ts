import type { Contact } from "../contracts/contact.ts";
import type { PipelineEvent, PipelineEventType } from "../contracts/event.ts";
import type { LeadStatus } from "../contracts/lead-status.ts";
import type { Pipeline, Stage, Totals } from "../contracts/pipeline.ts";

/** Events that are lines of a contact's history; the others only arrange the board. */
export function isActivity(type: PipelineEventType): boolean {
  return type.startsWith("contact.") && type !== "contact.reordered";
}

/**
 * What a time-based rule does is a line of history, and no activity: a reminder must not start the wait for the
 * next rule anew [TB3]. Every other automation answers to somebody's change and names it.
 */
function isOfTheClock({ actor, cause }: PipelineEvent): boolean {
  return actor.type === "automation" && cause === null;
}

/** What the log of an older version does not say about a new contact. */
const ABSENT: Pick<Contact, "followUp" | "followUpStep" | "parked" | "removed"> = {
  followUp: null,
  followUpStep: 0,
  parked: null,
  removed: null,
};

/**
 * The contact after an event. A contact is nothing but the fold of its events: the server saves exactly this, a
 * client that applies the same events in the same order holds the same contact. Events that are already in
 * (`seq` not above the contact's) change nothing.
 */
export function applyToContact(known: Contact | undefined, event: PipelineEvent): Contact | undefined {
  if (event.type === "contact.created") return known ?? { ...ABSENT, ...(event.after as Contact) };
  const contact = event.type === "contact.restored" ? (known ?? (event.after as Contact)) : known;
  if (!contact || event.seq <= contact.seq) return contact;
  if (event.type === "pipeline.reranked") {
    const rank = event.after.ranks?.[contact.id];
    return rank === undefined ? contact : { ...contact, rank, seq: event.seq };
  }
  if (event.contactId !== contact.id) return contact;
  const {
    note: _note,
    message: _message,
    stages: _stages,
    rules: _rules,
    timedRules: _timedRules,
    name: _name,
    ranks: _ranks,
    ...fields
  } = event.after;
  return {
    ...contact,
    ...(fields as Partial<Contact>),
    seq: event.seq,
    lastActivityAt: isActivity(event.type) && !isOfTheClock(event) ? event.at : contact.lastActivityAt,
  };
}

/** Stage, status and value of a contact: what decides in which total it counts. */
export type Bucket = { stageId: string; leadStatus: LeadStatus; value: number | null };

/** How an event moves its contact between totals; undefined when it does not. */
export function bucketsOf(
  event: Pick<PipelineEvent, "type" | "before" | "after">,
): { from?: Bucket; to?: Bucket } | undefined {
  const { before, after } = event;
  if (event.type === "contact.created" || event.type === "contact.restored") return { to: after as Bucket };
  if (event.type === "contact.removed") return { from: before as Bucket };
  if (!before.stageId || !before.leadStatus || before.value === undefined) return undefined;
  const from = { stageId: before.stageId, leadStatus: before.leadStatus, value: before.value };
  const to = {
    stageId: after.stageId ?? from.stageId,
    leadStatus: after.leadStatus ?? from.leadStatus,
    value: after.value === undefined ? from.value : after.value,
  };
  return { from, to };
}

export function addToTotals(totals: Totals, bucket: Bucket, sign: 1 | -1): Totals {
  const stage = totals[bucket.stageId] ?? {};
  const { count, value } = stage[bucket.leadStatus] ?? { count: 0, value: 0 };
  // In cents, or the sum would depend on the order of its parts.
  const cents = Math.round((value + sign * (bucket.value ?? 0)) * 100);
  const total = { count: count + sign, value: cents / 100 };
  return { ...totals, [bucket.stageId]: { ...stage, [bucket.leadStatus]: total } };
}

/** The parts of a pipeline that follow from its stages: what is deleted is still known, and counts nobody. */
function withStages(pipeline: Pipeline, stages: Stage[]): Partial<Pipeline> {
  const isThere = new Set(stages.map(({ id }) => id));
  const deleted = pipeline.stages.filter(({ id }) => !isThere.has(id));
  if (deleted.length === 0 && !pipeline.formerStages) return { stages };
  const former = (pipeline.formerStages ?? []).filter(({ id }) => !isThere.has(id));
  const counts = Object.entries(pipeline.totals).filter(([id]) => !deleted.some((stage) => stage.id === id));
  return { stages, formerStages: [...former, ...deleted], totals: Object.fromEntries(counts) };
}

/** The pipeline after an event: stages, rules, totals and `seq`. Events already in change nothing. */
export function applyToPipeline(pipeline: Pipeline, event: PipelineEvent): Pipeline {
  if (event.seq <= pipeline.seq) return pipeline;
  const next = { ...pipeline, seq: event.seq };
  if (event.after.stages) Object.assign(next, withStages(pipeline, event.after.stages));
  if (event.after.rules) next.rules = event.after.rules;
  if (event.after.timedRules) next.timedRules = event.after.timedRules;
  if (event.after.name !== undefined) next.name = event.after.name;
  const buckets = bucketsOf(event);
  if (buckets?.from) next.totals = addToTotals(next.totals, buckets.from, -1);
  if (buckets?.to) next.totals = addToTotals(next.totals, buckets.to, 1);
  return next;
}
