import { TZDateMini } from "@date-fns/tz/date/mini";

/** `2026-11-22`: a calendar day, wherever it is. */
type Day = string;

/** The calendar day of a moment in a time zone. */
export function dayOf(instant: Date | number | string, timeZone: string): Day {
  const local = new TZDateMini(new Date(instant).getTime(), timeZone);
  const pad = (part: number, length = 2) => String(part).padStart(length, "0");
  return `${pad(local.getFullYear(), 4)}-${pad(local.getMonth() + 1)}-${pad(local.getDate())}`;
}

/** Days of the calendar, not of 24 hours: no switch of daylight saving changes their number. */
export function addDays(day: Day, count: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** How many days `later` is after `earlier`. */
export function daysBetween(earlier: Day, later: Day): number {
  return Math.round((Date.parse(later) - Date.parse(earlier)) / 86_400_000);
}

/** The moment at which a clock on a wall there shows this hour; one that is skipped is taken right after. */
export function instantAt(day: Day, hour: number, timeZone: string): number {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return new TZDateMini(year, month - 1, date, hour, timeZone).getTime();
}

/** The first moment of a day there; where midnight is skipped, the first one that is. */
export function startOfDay(day: Day, timeZone: string): number {
  const guess = instantAt(day, 0, timeZone);
  // A switch at midnight may put the guess on the evening before.
  return dayOf(guess, timeZone) === day ? guess : guess + 3_600_000;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
