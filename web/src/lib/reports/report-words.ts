import { addDays } from "@dmtracker/shared/pipeline/zoned-days.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const DAY = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "short",
  year: "numeric",
});
const MONTH = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", month: "short", year: "numeric" });

/** "3 d 4 h", "5 h 20 min", "12 min": the two largest parts. */
export function duration(ms: number): string {
  if (ms < MINUTE_MS) return "under 1 min";
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) {
    const minutes = Math.round(ms / MINUTE_MS);
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  const hours = Math.round(ms / HOUR_MS);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "38 %"; nothing of nothing is no share. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${Math.round((part / whole) * 100)} %`;
}

const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const LONGEST_NAME = 18;

/** An amount beside an axis, where there is room for five characters: "8,000" is "8K" there. */
export const amountWords = (amount: number): string => SHORT.format(amount);

/** A stage beside an axis; the table below names it in full. */
export function axisName(name: string): string {
  const characters = Array.from(name);
  return characters.length <= LONGEST_NAME
    ? name
    : `${characters
        .slice(0, LONGEST_NAME - 1)
        .join("")
        .trimEnd()}…`;
}

export const dayWords = (day: string): string => DAY.format(Date.parse(day));

export function periodWords(from: string, to: string): string {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  return from === to ? DAY_AND_YEAR.format(first) : `${DAY.format(first)} – ${DAY_AND_YEAR.format(last)}`;
}

/** What stands below a part of a period: the day, the days of a week, the month. */
export function partWords(
  { from, to }: { from: string; to: string },
  unit: "day" | "week" | "month",
): string {
  if (unit === "month") return MONTH.format(Date.parse(from));
  return unit === "day" || from === to ? dayWords(from) : `${dayWords(from)} – ${dayWords(to)}`;
}

/** `2026-11-01..2026-11-30`; days typed in the wrong order are taken as they were meant. */
export function customPeriod(from: string, to: string): string {
  const [first, last] = from <= to ? [from, to] : [to, from];
  return `${first}..${last}`;
}

/** The two days of a custom period; undefined for a named one. */
export function customDays(period: string): { from: string; to: string } | undefined {
  const [, from, to] = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(period) ?? [];
  return from && to && !Number.isNaN(Date.parse(addDays(from, 0))) ? { from, to } : undefined;
}
