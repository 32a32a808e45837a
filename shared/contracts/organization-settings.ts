import { z } from "zod";
import { isTimeZone } from "../pipeline/zoned-days.ts";

export const MAX_CADENCE_STEPS = 20;
export const MAX_CADENCE_DAYS = 365;

export const TimeZone = z.string().refine(isTimeZone, "must be a time zone such as Europe/Berlin");

/** What an organization has decided for all its people. */
export const OrganizationSettings = z.strictObject({
  /** Where its days begin and end: IANA name. */
  timeZone: TimeZone,
  /** Days from each message that was sent to the next follow-up; after the last there is none. */
  cadence: z.array(z.int().min(1).max(MAX_CADENCE_DAYS)).max(MAX_CADENCE_STEPS),
  /** Lead statuses that end follow-ups. */
  stopsFollowUps: z.strictObject({ won: z.boolean(), lost: z.boolean(), abandoned: z.boolean() }),
});
export type OrganizationSettings = z.infer<typeof OrganizationSettings>;
