import type { DueContact } from "#lib/state/follow-ups.svelte.ts";
import { dueInDays } from "@dmtracker/shared/pipeline/follow-ups.ts";
import { dayOf, daysBetween } from "@dmtracker/shared/pipeline/zoned-days.ts";

// Days are names of the calendar: written as they are, whatever the zone of this browser.
const SHORT = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});
const BRIEF = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const LONG = new Intl.DateTimeFormat("en-GB", {
  weekday: "long",
  day: "numeric",
  month: "long",
  timeZone: "UTC",
});

export type DueWords = { text: string; brief: string; late: boolean; today: boolean };

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** "Mon 1 Mar", or "1 Mar" where there is little room. */
export function dayWords(day: string, brief = false): string {
  return (brief ? BRIEF : SHORT).format(Date.parse(day));
}

/** When something is due, in the words of a person who plans a day. */
export function dueWords(dueAt: string, now: number, timeZone: string): DueWords {
  const day = dayOf(dueAt, timeZone);
  const days = daysBetween(dayOf(now, timeZone), day);
  const at = Date.parse(day);
  if (days < 0)
    return { text: `${plural(-days, "day")} late`, brief: `${-days}d late`, late: true, today: false };
  if (days === 0) return { text: "Today", brief: "Today", late: false, today: true };
  const text = days === 1 ? "Tomorrow" : SHORT.format(at);
  return { text, brief: days === 1 ? "Tomorrow" : BRIEF.format(at), late: false, today: false };
}

/** "Tomorrow", "Wednesday 25 November": over what is due on a day. */
export function dayHeading(day: string, today: string): string {
  const days = daysBetween(today, day);
  if (days === 0) return "Today";
  return days === 1 ? "Tomorrow" : LONG.format(Date.parse(day));
}

export type Preset = { label: string; hint: string; dueAt: string };

/** The days that one nearly always means. Next week begins on Monday. */
export function presets(now: number, timeZone: string): Preset[] {
  const weekday = new Date(Date.parse(dayOf(now, timeZone))).getUTCDay();
  const untilMonday = (8 - weekday) % 7 || 7;
  return [
    { label: "Tomorrow", days: 1 },
    { label: "In 3 days", days: 3 },
    { label: "Next week", days: untilMonday },
    { label: "In 2 weeks", days: 14 },
  ].map(({ label, days }) => {
    const dueAt = dueInDays(now, days, timeZone);
    return { label, hint: SHORT.format(Date.parse(dayOf(dueAt, timeZone))), dueAt };
  });
}

export type DueDay = { day: string; name: string; contacts: DueContact[] };

/** Splits what is in the order of work into its days. */
export function byDueDay(contacts: readonly DueContact[], today: string, timeZone: string): DueDay[] {
  const days: DueDay[] = [];
  for (const contact of contacts) {
    const day = dayOf(contact.followUp.dueAt, timeZone);
    const last = days.at(-1);
    if (last?.day === day) last.contacts.push(contact);
    else days.push({ day, name: dayHeading(day, today), contacts: [contact] });
  }
  return days;
}

/** "Next: tomorrow, 3 contacts": what an empty day looks forward to. */
export function nextWords([first]: readonly DueDay[]): string | undefined {
  if (!first) return undefined;
  const name = first.name === "Tomorrow" ? "tomorrow" : first.name;
  return `Next: ${name}, ${plural(first.contacts.length, "contact")}.`;
}
