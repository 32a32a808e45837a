const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}

/** "just now", "4 min ago", "3 h ago"; on other days the time, as the day stands above it. */
export function ago(at: string, now: number): string {
  const ms = Date.parse(at);
  const passed = now - ms;
  // A clock that is a little ahead of ours must not make the past a future.
  if (passed < MINUTE_MS) return "just now";
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`;
  if (startOfDay(ms) === startOfDay(now)) return `${Math.floor(passed / HOUR_MS)} h ago`;
  return TIME.format(ms);
}

/** "Today", "Yesterday", "Thursday 19 November", "3 March 2025". */
export function dayName(at: string, now: number): string {
  const ms = Date.parse(at);
  const days = Math.round((startOfDay(now) - startOfDay(ms)) / (24 * HOUR_MS));
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  return new Date(ms).getFullYear() === new Date(now).getFullYear()
    ? DAY.format(ms)
    : DAY_AND_YEAR.format(ms);
}

/** "12 days": how long nothing has happened. */
export function quietFor(at: string, now: number): string {
  const days = Math.floor((now - Date.parse(at)) / (24 * HOUR_MS));
  if (days < 1) return "under a day";
  return days === 1 ? "1 day" : `${days} days`;
}

export function exactTime(at: string): string {
  return EXACT.format(Date.parse(at));
}

export function date(at: string): string {
  return DATE.format(Date.parse(at));
}

export type Day<Thing> = { name: string; things: Thing[] };

/** Splits what is in order of time, newest first, into days. */
export function byDay<Thing extends { at: string }>(things: readonly Thing[], now: number): Day<Thing>[] {
  const days: Day<Thing>[] = [];
  for (const thing of things) {
    const name = dayName(thing.at, now);
    const day = days.at(-1);
    if (day?.name === name) day.things.push(thing);
    else days.push({ name, things: [thing] });
  }
  return days;
}
