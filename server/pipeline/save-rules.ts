import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { NewRule, Rule, RuleChange } from "@dmtracker/shared/contracts/pipeline.ts";
import { describeRule, triggerOf } from "@dmtracker/shared/pipeline/automations.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import type { SettingsCall } from "./pipeline-settings.ts";
import { recordPipelineEvent } from "./record-pipeline-event.ts";
import type { WorkingSet } from "./working-set.ts";

const MAX_RULES = 100;
const RULE_PARTS = ["type", "stageId", "status", "enabled"] as const;

function requireRule(batch: WorkingSet, ruleId: string): Rule {
  const rule = batch.pipeline.rules.find(({ id }) => id === ruleId);
  if (!rule) throw new AppError("not_found", "No such rule");
  return rule;
}

function requireFreeTrigger(batch: WorkingSet, wanted: Rule): void {
  const { rules, stages } = batch.pipeline;
  const twin = rules.find(
    (rule) => rule.enabled && rule.id !== wanted.id && triggerOf(rule) === triggerOf(wanted),
  );
  if (!wanted.enabled || !twin) return;
  const message = `Another rule already answers to this: ${describeRule(twin, stages)}. Switch it off first.`;
  throw new AppError("trigger_taken", message, { issues: [{ path: "enabled", message }] });
}

function recordRules(
  batch: WorkingSet,
  rules: Rule[],
  told: { batchId: string; actor: Actor; at: Date },
): void {
  const before = { rules: batch.pipeline.rules };
  recordPipelineEvent(batch, { ...told, type: "pipeline.rules_changed", before, after: { rules } });
}

function requireStage(batch: WorkingSet, stageId: string): void {
  if (!batch.pipeline.stages.some(({ id }) => id === stageId))
    throw invalidField("stageId", "must be a stage of this pipeline");
}

/** Adds a rule; it takes its place in the log like every change, so it acts on exactly what comes after it. */
export function createRule(
  app: AppContext,
  { pipelineId, actor, mutation }: SettingsCall,
  input: NewRule,
): Promise<Rule> {
  const rule: Rule = { ...input, id: new mongoose.Types.ObjectId().toHexString() };
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch, batchId) => {
      requireStage(batch, rule.stageId);
      if (batch.pipeline.rules.length >= MAX_RULES) {
        throw new AppError("invalid", `A pipeline has at most ${MAX_RULES} rules`);
      }
      requireFreeTrigger(batch, rule);
      recordRules(batch, [...batch.pipeline.rules, rule], { batchId, actor, at: app.now() });
      return rule;
    },
  });
}

/** Switches a rule, or makes another one of it: it keeps its place and its name in history is the new one from now on. */
export function updateRule(
  app: AppContext,
  { pipelineId, actor, mutation }: SettingsCall,
  ruleId: string,
  change: RuleChange,
): Promise<Rule> {
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch, batchId) => {
      const { rules } = batch.pipeline;
      const known = requireRule(batch, ruleId);
      const rule: Rule = {
        id: ruleId,
        type: change.type ?? known.type,
        stageId: change.stageId ?? known.stageId,
        status: change.status ?? known.status,
        enabled: change.enabled ?? known.enabled,
      };
      // A rule whose stage is gone may be kept as it is, switched off.
      if (rule.enabled || change.stageId !== undefined) requireStage(batch, rule.stageId);
      requireFreeTrigger(batch, rule);
      if (RULE_PARTS.some((part) => rule[part] !== known[part])) {
        const next = rules.map((other) => (other.id === ruleId ? rule : other));
        recordRules(batch, next, { batchId, actor, at: app.now() });
      }
      return rule;
    },
  });
}

export function deleteRule(
  app: AppContext,
  { pipelineId, actor, mutation }: SettingsCall,
  ruleId: string,
): Promise<Rule> {
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch, batchId) => {
      const { rules } = batch.pipeline;
      const known = requireRule(batch, ruleId);
      const next = rules.filter(({ id }) => id !== ruleId);
      recordRules(batch, next, { batchId, actor, at: app.now() });
      return known;
    },
  });
}
