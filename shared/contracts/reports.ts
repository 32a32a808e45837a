import { z } from "zod";
import { ContactSource } from "./contact.ts";
import { LeadStatus } from "./lead-status.ts";
import { FIRST_DAY, LAST_DAY, MAX_FILTER_VALUES, MAX_REPORT_CONTACTS } from "./limits.ts";
import { Total } from "./pipeline.ts";
import { Colour, Id, Instant } from "./primitives.ts";
import { REPORT_PERIODS } from "./report-labels.ts";

const NAMED = Object.keys(REPORT_PERIODS) as (keyof typeof REPORT_PERIODS)[];

function isDay(text: string): boolean {
  const moment = new Date(`${text}T00:00:00Z`);
  // JavaScript reads 31 February as a day in March.
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}

/** `this_month`, or two days as `2026-11-01..2026-11-30`, both included. */
export const ReportPeriod = z.string().refine(
  (text) => {
    if ((NAMED as string[]).includes(text)) return true;
    const [, from = "", to = ""] = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(text) ?? [];
    return isDay(from) && isDay(to) && from >= FIRST_DAY && to <= LAST_DAY && from <= to;
  },
  `must be one of ${NAMED.join(", ")}, or two days as 2026-11-01..2026-11-30`,
);
export type ReportPeriod = z.infer<typeof ReportPeriod>;

const list = <T extends z.ZodType<string, string>>(one: T) =>
  z
    .string()
    .transform((text) => [...new Set(text.split(",").filter((part) => part !== ""))])
    .pipe(z.array(one).min(1).max(MAX_FILTER_VALUES))
    .optional();

const asked = {
  pipeline_id: Id.optional(),
  period: ReportPeriod.default("this_month"),
  /** Contacts that are now assigned to one of these. */
  assignee: list(z.union([Id, z.literal("nobody")], { error: "must be the id of a member, or nobody" })),
  source: list(ContactSource),
  /** The stage that counts as a booking when somebody moves a contact into it. */
  booking: Id.optional(),
};

/** `GET /api/v1/reports` */
export const ReportQuery = z.strictObject(asked);
export type ReportQuery = z.infer<typeof ReportQuery>;

/** Figures whose contacts no filter of the contact list describes. */
export const ReportFigure = z.enum([
  "entered",
  "went_on",
  "won_after",
  "moved",
  "stayed",
  "came_from",
  "contacted",
  "replied",
  "booked",
  "won_by",
  "done",
  "done_on_time",
]);
export type ReportFigure = z.infer<typeof ReportFigure>;

/** `GET /api/v1/reports/contacts`: the contacts behind a number. */
export const ReportContactsQuery = z.strictObject({
  ...asked,
  figure: ReportFigure,
  /** The stage of a stage's figure; `none` for contacts that came in with their outcome. */
  stage: z.union([Id, z.literal("none")]).optional(),
  /** `moved`: into this stage. */
  to: Id.optional(),
  /** The member of a member's figure; `nobody` for what no person did. */
  member: z.union([Id, z.literal("nobody")]).optional(),
  /** `came_from`: which outcome. */
  status: LeadStatus.optional(),
  /** `came_from`: lost for this reason; empty for those without one. */
  reason: z.string().max(200).optional(),
});
export type ReportContactsQuery = z.infer<typeof ReportContactsQuery>;

export const ReportContacts = z.object({
  contactIds: z.array(Id).max(MAX_REPORT_CONTACTS),
  /** All of them, when there are more than are listed. */
  total: z.int(),
  seq: z.int(),
});
export type ReportContacts = z.infer<typeof ReportContacts>;

const Count = z.int();

export const ReportPoint = z.object({
  /** First and last day. */
  from: z.string(),
  to: z.string(),
  created: Count,
  won: Count,
  value: z.number(),
  lost: Count,
  abandoned: Count,
});
export type ReportPoint = z.infer<typeof ReportPoint>;

export const StageFigures = z.object({
  /** Null: contacts that had an outcome from their first moment, before any stage. */
  id: Id.nullable(),
  name: z.string(),
  colour: Colour.nullable(),
  /** Deleted since; its history keeps its name. */
  isFormer: z.boolean(),
  entered: Count,
  wentOn: Count,
  wonAfter: Count,
  /** Stays that ended in the period, and how long the one in the middle lasted. */
  stays: Count,
  medianMs: z.number().nullable(),
  won: Count,
  wonValue: z.number(),
  lost: Count,
  abandoned: Count,
  lostReasons: z.array(z.object({ reason: z.string().nullable(), count: Count })),
});
export type StageFigures = z.infer<typeof StageFigures>;

export const MemberFigures = z.object({
  /** Null: what no person did and nobody was assigned to. */
  id: z.string().nullable(),
  name: z.string(),
  isMember: z.boolean(),
  outreach: Count,
  contacted: Count,
  replied: Count,
  bookings: Count,
  wins: Count,
  value: z.number(),
  done: Count,
  doneOnTime: Count,
});
export type MemberFigures = z.infer<typeof MemberFigures>;

export const Report = z.object({
  pipelineId: Id,
  /** As of this event. */
  seq: z.int(),
  timeZone: z.string(),
  /** Days of that time zone, both included; `until` is the moment after the last. */
  from: z.string(),
  to: z.string(),
  until: Instant,
  bookingStageId: Id.nullable(),
  /** All contacts, by what they are now. */
  now: z.record(LeadStatus, Total),
  created: Count,
  won: Total,
  lost: Total,
  abandoned: Total,
  /** won / (won + lost); null when there was neither. */
  winRate: z.number().nullable(),
  unit: z.enum(["day", "week", "month"]),
  points: z.array(ReportPoint),
  stages: z.array(StageFigures),
  moves: z.array(z.object({ from: Id, to: Id, count: Count })),
  members: z.array(MemberFigures),
});
export type Report = z.infer<typeof Report>;
