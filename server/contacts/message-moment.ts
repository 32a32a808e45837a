import { invalidField } from "#server/platform/app-error.ts";

/** Clocks differ: a message that is ahead by less was written now. */
const CLOCK_TOLERANCE_MS = 300_000;

/**
 * When a message was written. One from the future would stand as the last one until then, and every real message
 * would be taken for an older one [CS2].
 * @throws AppError invalid
 */
export function messageMoment(claimed: string | null, now: Date): string {
  if (claimed === null) return now.toISOString();
  const ahead = Date.parse(claimed) - now.getTime();
  if (ahead > CLOCK_TOLERANCE_MS) throw invalidField("message_date", "must not lie in the future");
  return ahead > 0 ? now.toISOString() : claimed;
}
