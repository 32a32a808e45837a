import { daysOf, type Span } from "./date-range.ts";
import { addDays, dayOf, daysBetween, startOfDay } from "./zoned-days.ts";

/** First and last day of a period, both included. */
export type Days = { first: string; last: string };

/** The days that a period means today. */
export function daysOfPeriod(period: string, today: string): Days {
  switch (period) {
    case "today":
    case "this_week":
    case "this_month":
    case "last_30_days":
      return daysOf(period, today);
    case "last_week":
      return daysOf("this_week", addDays(today, -7));
    case "last_month":
      return daysOf("this_month", addDays(`${today.slice(0, 8)}01`, -1));
    default: {
      const [first = today, last = today] = period.split("..");
      return { first, last };
    }
  }
}

export const spanOfDays = ({ first, last }: Days, timeZone: string): Span => ({
  from: startOfDay(first, timeZone),
  until: startOfDay(addDays(last, 1), timeZone),
});

export type PointUnit = "day" | "week" | "month";

const MOST_DAYS = 45;
const MOST_DAYS_IN_WEEKS = 200;

/** The parts that a period is drawn in: days, weeks from Monday or months, cut at its ends. */
export function partsOf({ first, last }: Days): { unit: PointUnit; parts: Days[] } {
  const count = daysBetween(first, last) + 1;
  const unit = count <= MOST_DAYS ? "day" : count <= MOST_DAYS_IN_WEEKS ? "week" : "month";
  const range = unit === "week" ? "this_week" : "this_month";
  const parts: Days[] = [];
  for (let day = first; day <= last;) {
    const end = unit === "day" ? day : daysOf(range, day).last;
    parts.push({ first: day, last: end < last ? end : last });
    day = addDays(end, 1);
  }
  return { unit, parts };
}

const UTC_DAY_MS = 86_400_000;

/**
 * The moment after the day of another moment. Asked for very many moments: what the calendar says is remembered, two
 * answers for each day of UTC.
 */
export function dayEnds(timeZone: string): (at: number) => number {
  const known = new Map<number, number>();
  const endOf = (at: number): number => {
    let end = known.get(at);
    if (end === undefined) {
      end = startOfDay(addDays(dayOf(at, timeZone), 1), timeZone);
      known.set(at, end);
    }
    return end;
  };
  return (at) => {
    let end = endOf(Math.floor(at / UTC_DAY_MS) * UTC_DAY_MS);
    while (end <= at) end = endOf(end);
    return end;
  };
}
