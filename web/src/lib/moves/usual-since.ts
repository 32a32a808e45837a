import { addDays, dayOf, startOfDay } from "@dmtracker/shared/pipeline/zoned-days.ts";

export type SinceChoice = { value: string; label: string; since: string | undefined };

/** The usual moments of a stand-up, by the organization's calendar. */
export function usualSince(now: number, timeZone: string): SinceChoice[] {
  const today = dayOf(now, timeZone);
  const at = (day: string) => new Date(startOfDay(day, timeZone)).toISOString();
  const monday = addDays(today, -((new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7));
  return [
    { value: "today", label: "Today", since: at(today) },
    { value: "yesterday", label: "Yesterday", since: undefined },
    { value: "week", label: "This week", since: at(monday) },
  ];
}
