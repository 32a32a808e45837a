import { z } from "zod";
import { Contact } from "./contact.ts";
import { MAX_PAGE_SIZE } from "./limits.ts";
import { Id } from "./primitives.ts";

export const FollowUpGroup = z.enum(["overdue", "today", "upcoming"]);
export type FollowUpGroup = z.infer<typeof FollowUpGroup>;

/** `GET /api/v1/follow-ups`, next to the keys of a filter. */
export const FollowUpsQuery = z.object({
  /** Absent: all that are due, overdue ones first. `ended`: whose cadence is over without an answer [FU4]. */
  group: z.enum([...FollowUpGroup.options, "ended"]).optional(),
  pipeline_id: Id.optional(),
  /** `next` of the page before. */
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(50),
});
export type FollowUpsQuery = z.infer<typeof FollowUpsQuery>;

export const FollowUpTotals = z.record(FollowUpGroup, z.int());
export type FollowUpTotals = z.infer<typeof FollowUpTotals>;

/** Contacts in the order in which they are due, read as of `seq`. */
export const FollowUpsPage = z.object({
  contacts: z.array(Contact),
  next: z.string().nullable(),
  /** Exact, for the same filter, whatever the group of this page. */
  totals: FollowUpTotals,
  /** Contacts of the same filter that are parked: they are in no group until they wake. */
  parked: z.int(),
  /** Exact; only with `group=ended`. */
  ended: z.int().optional(),
  timeZone: z.string(),
  seq: z.int(),
});
export type FollowUpsPage = z.infer<typeof FollowUpsPage>;
