import type { Contact, ContactChange, FollowUp, MessageDirection, Parked } from "../contracts/contact.ts";
import type { PipelineEventType } from "../contracts/event.ts";
import type { FollowUpGroup } from "../contracts/follow-ups.ts";
import type { LeadStatus } from "../contracts/lead-status.ts";
import type { OrganizationSettings } from "../contracts/organization-settings.ts";
import { addDays, dayOf, instantAt, startOfDay } from "./zoned-days.ts";

/** Follow-ups of a day are there when the day's work begins. */
export const DUE_HOUR = 9;

const iso = (instant: number | string): string => new Date(instant).toISOString();

/** Nine in the morning of the day so many days from now, on the organization's calendar. */
export function dueInDays(now: string | number, days: number, timeZone: string): string {
  return iso(instantAt(addDays(dayOf(now, timeZone), days), DUE_HOUR, timeZone));
}

export function isStopped(status: LeadStatus, { stopsFollowUps }: OrganizationSettings): boolean {
  return status !== "open" && stopsFollowUps[status];
}

/** How far a message takes a contact in the cadence: one on with each of ours, back to the start with a reply. */
export function stepAfter(
  { followUpStep }: Pick<Contact, "followUpStep">,
  direction: MessageDirection,
  { cadence }: OrganizationSettings,
): number {
  return direction === "in" ? 0 : Math.min(followUpStep + 1, cadence.length + 1);
}

/** Everything the cadence asks for was written, and nothing came back: a person may let go [FU4]. */
export function isOfferedForAbandoned(
  contact: Pick<Contact, "leadStatus" | "conversationStatus" | "followUp" | "followUpStep" | "parked">,
  { cadence }: OrganizationSettings,
): boolean {
  return (
    contact.leadStatus === "open" &&
    contact.conversationStatus === "no_reply" &&
    contact.followUp === null &&
    contact.parked === null &&
    cadence.length > 0 &&
    contact.followUpStep > cadence.length
  );
}

export type NextFollowUp = {
  followUp: FollowUp | null;
  type: "contact.follow_up_set" | "contact.follow_up_done";
  /** Where the cadence stands then, when it begins anew. */
  followUpStep?: number;
  /** The event of the same call that it follows from; undefined when a person said so. */
  trigger?: PipelineEventType;
};

function byHand(
  current: FollowUp | null,
  wish: NonNullable<ContactChange["followUp"]> | null,
  now: string,
): Omit<NextFollowUp, "trigger"> {
  if (wish === null) return { followUp: null, type: "contact.follow_up_set" };
  if (wish.act === "complete") return { followUp: null, type: "contact.follow_up_done" };
  const type = "contact.follow_up_set";
  if (wish.act === "snooze") return { followUp: current && { ...current, dueAt: iso(wish.until) }, type };
  if (wish.act === "restart") {
    return { followUp: { dueAt: iso(now), note: current?.note ?? null, step: null }, type, followUpStep: 0 };
  }
  const note = wish.note === undefined ? (current?.note ?? null) : wish.note;
  return { followUp: { dueAt: iso(wish.dueAt), note, step: null }, type };
}

function afterMessage(
  { followUp, followUpStep, leadStatus }: Contact,
  direction: MessageDirection,
  { now, settings }: { now: string; settings: OrganizationSettings },
): NextFollowUp {
  const trigger = "contact.message_logged";
  const isDue = followUp !== null && followUp.dueAt <= iso(now);
  if (direction === "in") {
    // Who waits for an answer already has waited since the first message, not since the last [FU2].
    const waits = followUp?.step === 0 && isDue;
    const due = waits ? followUp : { dueAt: iso(now), note: followUp?.note ?? null, step: 0 };
    return { followUp: due, type: "contact.follow_up_set", trigger };
  }
  const type = followUp ? "contact.follow_up_done" : "contact.follow_up_set";
  // What somebody has planned for a later day is a promise: writing before does not break it [FU3].
  if (followUp?.step === null && !isDue) return { followUp, type, trigger };
  const days = isStopped(leadStatus, settings) ? undefined : settings.cadence[followUpStep - 1];
  if (days === undefined) return { followUp: null, type, trigger };
  const dueAt = dueInDays(now, days, settings.timeZone);
  return { followUp: { dueAt, note: null, step: followUpStep }, type, trigger };
}

/** Nine in the morning of the day on which a contact wakes, or later when it wakes later. */
function dueWhenAwake({ until }: Parked, timeZone: string): string {
  return iso(Math.max(Date.parse(until), instantAt(dayOf(until, timeZone), DUE_HOUR, timeZone)));
}

/** What is due while a contact is parked is due when it wakes; what is planned for later stays [PK4]. */
function afterParking(
  { followUp }: Contact,
  parked: Parked,
  { settings }: { settings: OrganizationSettings },
): NextFollowUp {
  const dueAt = dueWhenAwake(parked, settings.timeZone);
  const isLater = followUp !== null && followUp.dueAt >= dueAt;
  const next = isLater ? followUp : { dueAt, note: followUp?.note ?? parked.reason, step: null };
  return { followUp: next, type: "contact.follow_up_set", trigger: "contact.parked" };
}

/** Who wakes a contact before its day takes it up now. */
function afterWaking(
  { followUp }: Contact,
  parked: Parked,
  { now, settings }: { now: string; settings: OrganizationSettings },
): NextFollowUp | undefined {
  const isEarly = parked.until > iso(now) && followUp?.dueAt === dueWhenAwake(parked, settings.timeZone);
  if (!isEarly) return undefined;
  const next = { ...followUp, dueAt: iso(now) };
  return { followUp: next, type: "contact.follow_up_set", trigger: "contact.woke" };
}

function isSame(a: FollowUp | null, b: FollowUp | null): boolean {
  return a?.dueAt === b?.dueAt && a?.note === b?.note && a?.step === b?.step;
}

/**
 * What a change makes of the follow-up, given the contact with everything else of the change already in it and as
 * it was before; undefined when it stays.
 */
export function decideFollowUp(
  contact: Contact,
  start: Contact,
  change: ContactChange,
  context: { now: string; settings: OrganizationSettings },
): NextFollowUp | undefined {
  let next: NextFollowUp | undefined;
  if (change.followUp !== undefined) next = byHand(contact.followUp, change.followUp, context.now);
  else if (contact.leadStatus !== start.leadStatus && isStopped(contact.leadStatus, context.settings))
    next = { followUp: null, type: "contact.follow_up_set", trigger: "contact.status_changed" };
  else if (change.parked && contact.parked !== start.parked && contact.parked)
    next = afterParking(contact, contact.parked, context);
  else if (change.parked === null && start.parked) next = afterWaking(contact, start.parked, context);
  else if (change.message) next = afterMessage(contact, change.message.direction, context);
  return next && !isSame(contact.followUp, next.followUp) ? next : undefined;
}

/** By days of the organization: what is due today is not late before tomorrow [FU6]. */
export function groupOf(dueAt: string, now: string | number, timeZone: string): FollowUpGroup {
  const due = dayOf(dueAt, timeZone);
  const today = dayOf(now, timeZone);
  if (due < today) return "overdue";
  return due === today ? "today" : "upcoming";
}

/** The moments of a group: from the first one to before the last, either end open. */
export function rangeOf(
  group: FollowUpGroup,
  now: string | number,
  timeZone: string,
): { from?: number; to?: number } {
  const today = dayOf(now, timeZone);
  const from = startOfDay(today, timeZone);
  const to = startOfDay(addDays(today, 1), timeZone);
  if (group === "overdue") return { to: from };
  return group === "today" ? { from, to } : { from: to };
}

/** The order of work: what is due first comes first, ties by id. */
export function compareDue(a: { dueAt: string; id: string }, b: { dueAt: string; id: string }): number {
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
