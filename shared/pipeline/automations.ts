import { LEAD_STATUS_LABEL } from "../contracts/labels.ts";
import type { LeadStatus } from "../contracts/lead-status.ts";
import type { Rule, Stage } from "../contracts/pipeline.ts";

/** The two fields that rules watch and set; undefined in a wish means "not named". */
export type StageAndStatus = { stageId?: string | undefined; status?: LeadStatus | undefined };

export type RuleEffect = { rule: Rule; stageId?: string; status?: LeadStatus };

/**
 * What the rules add to a wish: one hop [AU2] and never over a field that the wish names [AU3]. As a rule only
 * acts when the field it would set is not named, at most one rule answers to one wish.
 */
export function automate(
  before: StageAndStatus,
  wish: StageAndStatus,
  rules: readonly Rule[],
): RuleEffect | undefined {
  const entersStage = wish.stageId !== undefined && wish.stageId !== before.stageId;
  const becomesStatus = wish.status !== undefined && wish.status !== before.status;
  for (const rule of rules) {
    if (!rule.enabled) continue;
    if (rule.type === "stage_to_status") {
      const triggered = entersStage && rule.stageId === wish.stageId;
      if (triggered && wish.status === undefined && rule.status !== before.status) {
        return { rule, status: rule.status };
      }
    } else {
      const triggered = becomesStatus && rule.status === wish.status;
      if (triggered && wish.stageId === undefined && rule.stageId !== before.stageId) {
        return { rule, stageId: rule.stageId };
      }
    }
  }
  return undefined;
}

/** Two enabled rules may not share a trigger: which of them wins would be chance [AU5]. */
export function triggerOf(rule: Pick<Rule, "type" | "stageId" | "status">): string {
  return rule.type === "stage_to_status" ? `stage:${rule.stageId}` : `status:${rule.status}`;
}

/** "Closed sets Won", "Abandoned moves to Lost". */
export function describeRule(
  rule: Pick<Rule, "type" | "stageId" | "status">,
  stages: readonly Stage[],
): string {
  const stage = stages.find(({ id }) => id === rule.stageId)?.name ?? "a deleted stage";
  const status = LEAD_STATUS_LABEL[rule.status];
  return rule.type === "stage_to_status" ? `${stage} sets ${status}` : `${status} moves to ${stage}`;
}
