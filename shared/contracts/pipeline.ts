import { z } from "zod";
import { LeadStatus } from "./lead-status.ts";
import { MAX_TIMED_DAYS } from "./limits.ts";
import { Colour, Id, PaletteColour } from "./primitives.ts";

export const StageName = z.string().trim().min(1).max(40);

export const Stage = z.object({ id: Id, name: StageName, colour: Colour });
export type Stage = z.infer<typeof Stage>;

/** Goes to the end. Without a colour it gets one that is used little. */
export const NewStage = z.strictObject({ name: StageName, colour: PaletteColour.optional() });
export type NewStage = z.infer<typeof NewStage>;

/** What is absent stays. `after`: the stage that shall stand before it, null for the first place. */
export const StageChange = z.strictObject({
  name: StageName.optional(),
  colour: PaletteColour.optional(),
  after: Id.nullable().optional(),
});
export type StageChange = z.infer<typeof StageChange>;

export const PipelineName = z.string().trim().min(1).max(60);

export const RuleType = z.enum(["stage_to_status", "status_to_stage"]);
export type RuleType = z.infer<typeof RuleType>;

/**
 * A smart automation. `stage_to_status`: entering `stageId` sets `status`.
 * `status_to_stage`: becoming `status` moves to `stageId`.
 */
export const Rule = z.object({
  id: Id,
  type: RuleType,
  stageId: Id,
  status: LeadStatus,
  enabled: z.boolean(),
});
export type Rule = z.infer<typeof Rule>;

export const NewRule = z.strictObject({
  type: RuleType,
  stageId: Id,
  status: LeadStatus,
  enabled: z.boolean().default(true),
});
export type NewRule = z.infer<typeof NewRule>;

/** What is absent stays. */
export const RuleChange = z.strictObject({
  type: RuleType.optional(),
  stageId: Id.optional(),
  status: LeadStatus.optional(),
  enabled: z.boolean().optional(),
});
export type RuleChange = z.infer<typeof RuleChange>;

export const TimedAct = z.enum(["remind", "abandon"]);
export type TimedAct = z.infer<typeof TimedAct>;

const QuietDays = z.int().min(1).max(MAX_TIMED_DAYS);

/**
 * A time-based rule: an Open contact that had no activity for so many times 24 hours gets a follow-up that is due
 * now (`remind`), or becomes Abandoned (`abandon`).
 */
export const TimedRule = z.object({ id: Id, act: TimedAct, days: QuietDays, enabled: z.boolean() });
export type TimedRule = z.infer<typeof TimedRule>;

export const NewTimedRule = z.strictObject({
  act: TimedAct,
  days: QuietDays,
  enabled: z.boolean().default(true),
});
export type NewTimedRule = z.infer<typeof NewTimedRule>;

export const TimedRuleChange = z.strictObject({
  act: TimedAct.optional(),
  days: QuietDays.optional(),
  enabled: z.boolean().optional(),
});
export type TimedRuleChange = z.infer<typeof TimedRuleChange>;

export const Total = z.object({ count: z.int(), value: z.number() });
export type Total = z.infer<typeof Total>;

/** True totals per stage and lead status, kept in the same commit as the contacts: stage id -> status -> total. */
export const Totals = z.record(Id, z.partialRecord(LeadStatus, Total));
export type Totals = z.infer<typeof Totals>;

export const Pipeline = z.object({
  id: Id,
  organizationId: Id,
  name: z.string(),
  /** In board order. */
  stages: z.array(Stage),
  /** Deleted ones, so that history can still name them; absent when none was deleted. */
  formerStages: z.array(Stage).optional(),
  rules: z.array(Rule),
  /** Absent when there never was one. */
  timedRules: z.array(TimedRule).optional(),
  totals: Totals,
  /** Number of the last committed event. */
  seq: z.int(),
});
export type Pipeline = z.infer<typeof Pipeline>;
/** As it stands in a list of them. */
export type PipelineSummary = Pick<Pipeline, "id" | "name" | "stages" | "seq">;
