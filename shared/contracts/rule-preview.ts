import { z } from "zod";
import { LeadStatus } from "./lead-status.ts";
import { NewRule, NewTimedRule } from "./pipeline.ts";
import { Id, Instant } from "./primitives.ts";

/** A rule that is being written; `ruleId` names the saved one that it shall replace. */
export const PreviewRule = NewRule.omit({ enabled: true }).extend({ ruleId: Id.optional() });
export type PreviewRule = z.infer<typeof PreviewRule>;

export const PreviewTimedRule = NewTimedRule.omit({ enabled: true });
export type PreviewTimedRule = z.infer<typeof PreviewTimedRule>;

/** One contact that a rule would have changed, the last time it would have. */
export const PreviewedContact = z.object({
  contactId: Id,
  username: z.string(),
  /** When it would have acted; for a time-based rule the last activity. */
  at: Instant,
  stageId: Id.optional(),
  status: LeadStatus.optional(),
});
export type PreviewedContact = z.infer<typeof PreviewedContact>;

export const RulePreview = z.object({
  /** Since when the log was read; null for a time-based rule, which looks at contacts as they are now. */
  since: Instant.nullable(),
  /** Calls that the rule would have answered to. */
  times: z.int(),
  /** Different contacts among them. */
  total: z.int(),
  /** The latest ones. */
  contacts: z.array(PreviewedContact),
  /** The log of that time is longer than what is read at once: the numbers are those of its later part. */
  partial: z.boolean(),
});
export type RulePreview = z.infer<typeof RulePreview>;
