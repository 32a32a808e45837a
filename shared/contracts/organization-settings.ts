import { z } from "zod";
import { MAX_LOST_REASONS } from "./limits.ts";
import { Id } from "./primitives.ts";
import { isTimeZone } from "../pipeline/zoned-days.ts";

export const MAX_CADENCE_STEPS = 20;
export const MAX_CADENCE_DAYS = 365;

export const TimeZone = z.string().refine(isTimeZone, "must be a time zone such as Europe/Berlin");

/** What a contact can be lost for, as the organization calls it; any other words are just as good. */
export const ListedReason = z.object({ id: Id, name: z.string().trim().min(1).max(80) });
export type ListedReason = z.infer<typeof ListedReason>;

/** What an organization has decided for all its people. */
export const OrganizationSettings = z.strictObject({
  /** Where its days begin and end: IANA name. */
  timeZone: TimeZone,
  /** Days from each message that was sent to the next follow-up; after the last there is none. */
  cadence: z.array(z.int().min(1).max(MAX_CADENCE_DAYS)).max(MAX_CADENCE_STEPS),
  /** Lead statuses that end follow-ups. */
  stopsFollowUps: z.strictObject({ won: z.boolean(), lost: z.boolean(), abandoned: z.boolean() }),
  /** Offered when a contact is marked as Lost, in this order. */
  lostReasons: z.array(ListedReason).max(MAX_LOST_REASONS),
});
export type OrganizationSettings = z.infer<typeof OrganizationSettings>;
