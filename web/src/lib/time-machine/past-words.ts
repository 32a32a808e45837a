const DATE_AND_TIME: Intl.DateTimeFormatOptions = {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
};

/** "Sun, 22 Nov 2026, 14:30", on the organization's clock. */
export function momentWords(at: number | string, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { ...DATE_AND_TIME, timeZone }).format(new Date(at));
}

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Where a look back begins: an hour ago, on the minute. */
export function momentThen(): string {
  return new Date(Math.floor((Date.now() - HOUR_MS) / MINUTE_MS) * MINUTE_MS).toISOString();
}

/** How far a key takes the slider; Shift makes it a minute. */
const STEPS: Record<string, number> = {
  ArrowLeft: -15 * MINUTE_MS,
  ArrowDown: -15 * MINUTE_MS,
  ArrowRight: 15 * MINUTE_MS,
  ArrowUp: 15 * MINUTE_MS,
  PageDown: -DAY_MS,
  PageUp: DAY_MS,
};

/** The moment that a key leads to from another; undefined when it is none of the slider's. */
export function stepTo(
  { key, shiftKey }: Pick<KeyboardEvent, "key" | "shiftKey">,
  at: number,
  { since, now }: { since: number; now: number },
): number | undefined {
  if (key === "Home") return since;
  if (key === "End") return now;
  const step = STEPS[key];
  if (step === undefined) return undefined;
  return within(at + (shiftKey ? Math.sign(step) * MINUTE_MS : step), { since, now });
}

export function within(at: number, { since, now }: { since: number; now: number }): number {
  return Math.max(since, Math.min(now, at));
}

/** Jumps beside the slider. */
export const JUMPS = [
  { label: "−1 day", spoken: "A day earlier", by: -DAY_MS },
  { label: "−1 h", spoken: "An hour earlier", by: -HOUR_MS },
  { label: "+1 h", spoken: "An hour later", by: HOUR_MS },
  { label: "+1 day", spoken: "A day later", by: DAY_MS },
] as const;
