import type { Contact, ContactChange } from "../contracts/contact.ts";
import type { TimedRule } from "../contracts/pipeline.ts";

const DAY_MS = 86_400_000;

/** "Open and quiet for 14 days becomes Abandoned" */
export function describeTimedRule({ act, days }: Pick<TimedRule, "act" | "days">): string {
  const quiet = `Open and quiet for ${days} ${days === 1 ? "day" : "days"}`;
  return act === "abandon" ? `${quiet} becomes Abandoned` : `${quiet} is due again`;
}

/** Contacts whose last activity was before this moment are quiet for long enough: days are 24 hours. */
export function quietSince({ days }: Pick<TimedRule, "days">, now: number): number {
  return now - days * DAY_MS;
}

type Judged = Pick<Contact, "leadStatus" | "lastActivityAt" | "followUp"> & {
  parked?: { until: string } | null;
};

/**
 * Whether a time-based rule acts on a contact now. It rests on the contact alone, so it is true once: an abandoned
 * contact is not open any more, one that has a follow-up needs no reminder. Whoever is parked, or has a day planned
 * that is still to come, is left alone [TB2].
 */
export function isDueFor(rule: Pick<TimedRule, "act" | "days">, contact: Judged, now: number): boolean {
  if (contact.leadStatus !== "open") return false;
  if (Date.parse(contact.lastActivityAt) > quietSince(rule, now)) return false;
  if (contact.parked && Date.parse(contact.parked.until) > now) return false;
  const { followUp } = contact;
  return followUp === null || (rule.act === "abandon" && Date.parse(followUp.dueAt) <= now);
}

/** What it does to a contact. */
export function changeOf(rule: Pick<TimedRule, "act" | "days">, now: string): ContactChange {
  if (rule.act === "abandon") return { status: "abandoned" };
  const note = `No activity for ${rule.days} ${rule.days === 1 ? "day" : "days"}`;
  return { followUp: { act: "schedule", dueAt: now, note } };
}
