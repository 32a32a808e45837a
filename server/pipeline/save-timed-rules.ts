import type { NewTimedRule, TimedRule, TimedRuleChange } from "@dmtracker/shared/contracts/pipeline.ts";
import { describeTimedRule } from "@dmtracker/shared/pipeline/timed-rules.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { SettingsCall } from "./pipeline-settings.ts";
import { recordPipelineEvent } from "./record-pipeline-event.ts";

const MAX_TIMED_RULES = 20;

type Decided = { rules: readonly TimedRule[]; rule: TimedRule };

/** Two that do the same would fight over who was first; one that reminds and one that abandons go together. */
function requireFreeAct(rules: readonly TimedRule[], wanted: TimedRule): void {
  const twin = rules.find(({ id, act, enabled }) => enabled && id !== wanted.id && act === wanted.act);
  if (!wanted.enabled || !twin) return;
  const message = `Another rule already does this: ${describeTimedRule(twin)}. Switch it off first.`;
  throw new AppError("trigger_taken", message, { issues: [{ path: "enabled", message }] });
}

function requireTimedRule(rules: readonly TimedRule[], ruleId: string): TimedRule {
  const rule = rules.find(({ id }) => id === ruleId);
  if (!rule) throw new AppError("not_found", "No such rule");
  return rule;
}

function saveTimedRules(
  app: AppContext,
  { pipelineId, actor, mutation }: SettingsCall,
  decide: (rules: readonly TimedRule[]) => Decided,
): Promise<TimedRule> {
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch, batchId) => {
      const before = batch.pipeline.timedRules ?? [];
      const { rules, rule } = decide(before);
      if (rules !== before) {
        recordPipelineEvent(batch, {
          type: "pipeline.rules_changed",
          before: { timedRules: before },
          after: { timedRules: [...rules] },
          actor,
          batchId,
          at: app.now(),
        });
      }
      return rule;
    },
  });
}

/** @throws AppError trigger_taken, invalid */
export function createTimedRule(
  app: AppContext,
  call: SettingsCall,
  { act, days, enabled }: NewTimedRule,
): Promise<TimedRule> {
  const rule: TimedRule = { id: new mongoose.Types.ObjectId().toHexString(), act, days, enabled };
  return saveTimedRules(app, call, (rules) => {
    if (rules.length >= MAX_TIMED_RULES)
      throw new AppError("invalid", `A pipeline has at most ${MAX_TIMED_RULES} time-based rules`);
    requireFreeAct(rules, rule);
    return { rules: [...rules, rule], rule };
  });
}

/** @throws AppError not_found, trigger_taken */
export function updateTimedRule(
  app: AppContext,
  call: SettingsCall,
  ruleId: string,
  { act, days, enabled }: TimedRuleChange,
): Promise<TimedRule> {
  return saveTimedRules(app, call, (rules) => {
    const known = requireTimedRule(rules, ruleId);
    const rule: TimedRule = {
      id: ruleId,
      act: act ?? known.act,
      days: days ?? known.days,
      enabled: enabled ?? known.enabled,
    };
    requireFreeAct(rules, rule);
    const isSame = rule.act === known.act && rule.days === known.days && rule.enabled === known.enabled;
    return { rules: isSame ? rules : rules.map((other) => (other.id === ruleId ? rule : other)), rule };
  });
}

/** @throws AppError not_found */
export function deleteTimedRule(app: AppContext, call: SettingsCall, ruleId: string): Promise<TimedRule> {
  return saveTimedRules(app, call, (rules) => {
    const rule = requireTimedRule(rules, ruleId);
    return { rules: rules.filter(({ id }) => id !== ruleId), rule };
  });
}
