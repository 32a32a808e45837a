import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { NewRule, Rule, Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { triggerOf } from "@dmtracker/shared/pipeline/automations.ts";

const COMMON: { type: NewRule["type"]; stageName: string; status: LeadStatus }[] = [
  { type: "stage_to_status", stageName: "closed", status: "won" },
  { type: "stage_to_status", stageName: "lost", status: "lost" },
  { type: "status_to_stage", stageName: "closed", status: "won" },
  { type: "status_to_stage", stageName: "lost", status: "abandoned" },
];

/**
 * The usual rules that this pipeline could have and has not. Names of stages only choose what is offered: nothing
 * happens before somebody takes an offer.
 */
export function suggestedRules(stages: readonly Stage[], rules: readonly Rule[]): NewRule[] {
  const taken = new Set(rules.map(triggerOf));
  return COMMON.flatMap(({ type, stageName, status }) => {
    const stage = stages.find(({ name }) => name.trim().toLowerCase() === stageName);
    return stage ? [{ type, stageId: stage.id, status, enabled: true }] : [];
  }).filter((rule) => !taken.has(triggerOf(rule)));
}
