import { z } from "zod";
import { ContactSource } from "./contact.ts";
import { ConversationStatus, LeadStatus } from "./lead-status.ts";
import { FIRST_DAY, LAST_DAY, MAX_FILTER_VALUES, MAX_QUIET_DAYS, MAX_SEARCH_LENGTH } from "./limits.ts";
import { Id } from "./primitives.ts";

/** `2026-11-22`: a day in the organization's time zone. */
export const Day = z.iso
  .date()
  .refine((day) => day >= FIRST_DAY && day <= LAST_DAY, `must lie between ${FIRST_DAY} and ${LAST_DAY}`);

export const DateField = z.enum(["created", "last_message", "status_changed"]);
export type DateField = z.infer<typeof DateField>;

export const DateRange = z.enum(["today", "this_week", "this_month", "last_30_days"]);
export type DateRange = z.infer<typeof DateRange>;

/** A named range moves with the calendar; a custom one holds both of its days, either of which may be open. */
export const DateFilter = z.union([
  z.strictObject({ field: DateField, range: DateRange }),
  z
    .strictObject({ field: DateField, from: Day.optional(), to: Day.optional() })
    .refine(({ from, to }) => from !== undefined || to !== undefined, "name a first or a last day")
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ["to"],
      message: "must not be before the first day",
    }),
]);
export type DateFilter = z.infer<typeof DateFilter>;

const oneOrMore = <T extends z.ZodType>(value: T) => z.array(value).min(1).max(MAX_FILTER_VALUES);

/**
 * Which contacts a view shows: AND between the fields, OR inside one. The one definition that the server's query,
 * the browser's live matching, the URL and saved views share.
 */
export const ContactFilter = z.strictObject({
  leadStatus: oneOrMore(LeadStatus).optional(),
  stageId: oneOrMore(Id).optional(),
  /** `none`: no message yet. */
  conversationStatus: oneOrMore(z.union([ConversationStatus, z.literal("none")])).optional(),
  tags: z.strictObject({ mode: z.enum(["any", "all", "none"]), ids: oneOrMore(Id) }).optional(),
  assigneeId: oneOrMore(z.union([Id, z.literal("nobody")])).optional(),
  source: oneOrMore(ContactSource).optional(),
  date: DateFilter.optional(),
  /** Parked now, or not. */
  parked: z.boolean().optional(),
  /** No activity for at least so many days; what is parked is quiet on purpose and not meant. */
  quietDays: z.int().min(1).max(MAX_QUIET_DAYS).optional(),
  /** Every word must be the beginning of a word in the handle, name, e-mail or phone number. */
  search: z.string().trim().min(1).max(MAX_SEARCH_LENGTH).optional(),
});
export type ContactFilter = z.infer<typeof ContactFilter>;

export const ContactSort = z.enum([
  "last_activity",
  "last_message",
  "created",
  "value",
  "username",
  "status_changed",
  "follow_up",
]);
export type ContactSort = z.infer<typeof ContactSort>;
export const SortDirection = z.enum(["asc", "desc"]);
export type SortDirection = z.infer<typeof SortDirection>;
