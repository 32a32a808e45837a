import { TZDateMini } from "@date-fns/tz/date/mini";

const pad = (part: number): string => String(part).padStart(2, "0");

/** `2026-11-22T14:30`: what a clock on a wall there shows at a moment, to the minute. */
export function wallTimeOf(instant: number | string, timeZone: string): string {
  const local = new TZDateMini(new Date(instant).getTime(), timeZone);
  const day = `${local.getFullYear()}-${pad(local.getMonth() + 1)}-${pad(local.getDate())}`;
  return `${day}T${pad(local.getHours())}:${pad(local.getMinutes())}`;
}

/** The moment at which that clock shows it; undefined when the text names none. Of two such moments the first. */
export function instantOfWallTime(text: string, timeZone: string): number | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text)?.slice(1).map(Number);
  if (!parts) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = parts;
  const at = new TZDateMini(year, month - 1, day, hour, minute, timeZone).getTime();
  return Number.isNaN(at) ? undefined : at;
}
