import type { DateFilter, DateRange } from "../contracts/filter.ts";
import { addDays, dayOf, startOfDay } from "./zoned-days.ts";

/** Moments in milliseconds: from the first, up to but not including the last. */
export type Span = { from: number; until: number };

/** Days back to the last Monday: weeks start on Monday. */
const daysSinceMonday = (day: string): number => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;

/** The first and last day of a named range that holds `today`. */
export function daysOf(range: DateRange, today: string): { first: string; last: string } {
  switch (range) {
    case "today":
      return { first: today, last: today };
    case "this_week": {
      const first = addDays(today, -daysSinceMonday(today));
      return { first, last: addDays(first, 6) };
    }
    case "this_month": {
      const first = `${today.slice(0, 8)}01`;
      const next = `${addDays(first, 31).slice(0, 8)}01`;
      return { first, last: addDays(next, -1) };
    }
    case "last_30_days":
      return { first: addDays(today, -29), last: today };
  }
}

/** The moments that a date filter means, by the organization's calendar. */
export function spanOf(filter: DateFilter, now: Date | string, timeZone: string): Span {
  const { first, last } =
    "range" in filter ? daysOf(filter.range, dayOf(now, timeZone)) : { first: filter.from, last: filter.to };
  return {
    from: first === undefined ? -Infinity : startOfDay(first, timeZone),
    until: last === undefined ? Infinity : startOfDay(addDays(last, 1), timeZone),
  };
}
