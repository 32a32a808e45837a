import { z } from "zod";
import { LeadStatus } from "./lead-status.ts";
import { Colour, Id } from "./primitives.ts";

export const StageName = z.string().trim().min(1).max(40);

export const Stage = z.object({ id: Id, name: StageName, colour: Colour });
export type Stage = z.infer<typeof Stage>;

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

export const RuleSwitch = z.strictObject({ enabled: z.boolean() });

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
  rules: z.array(Rule),
  totals: Totals,
  /** Number of the last committed event. */
  seq: z.int(),
});
export type Pipeline = z.infer<typeof Pipeline>;
