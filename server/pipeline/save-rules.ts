import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { NewRule, Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import { describeRule, triggerOf } from "@dmtracker/shared/pipeline/automations.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import type { Mutation } from "./mutation.store.ts";
import type { WorkingSet } from "./working-set.ts";

export type RulesInput = { pipelineId: string; actor: Actor; mutation?: Mutation | undefined };

const MAX_RULES = 100;

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

function recordRules(batch: WorkingSet, batchId: string, rules: Rule[], actor: Actor, at: Date): void {
  const event: PipelineEvent = {
    pipelineId: batch.pipeline.id,
    seq: batch.pipeline.seq + 1,
    type: "pipeline.rules_changed",
    contactId: null,
    username: null,
    before: { rules: batch.pipeline.rules },
    after: { rules },
    actor,
    cause: null,
    batchId,
    at: at.toISOString(),
  };
  batch.record([event]);
}

/** Adds a rule; it takes its place in the log like every change, so it acts on exactly what comes after it. */
export function createRule(
  app: AppContext,
  { pipelineId, actor, mutation }: RulesInput,
  input: NewRule,
): Promise<Rule> {
  const rule: Rule = { ...input, id: new mongoose.Types.ObjectId().toHexString() };
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch, batchId) => {
      if (!batch.pipeline.stages.some(({ id }) => id === rule.stageId)) {
        throw invalidField("stageId", "must be a stage of this pipeline");
      }
      if (batch.pipeline.rules.length >= MAX_RULES) {
        throw new AppError("invalid", `A pipeline has at most ${MAX_RULES} rules`);
      }
      requireFreeTrigger(batch, rule);
      recordRules(batch, batchId, [...batch.pipeline.rules, rule], actor, app.now());
      return rule;
    },
  });
}

export function setRuleEnabled(
  app: AppContext,
  { pipelineId, actor, mutation }: RulesInput,
  ruleId: string,
  enabled: boolean,
): Promise<Rule> {
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch, batchId) => {
      const { rules } = batch.pipeline;
      const known = requireRule(batch, ruleId);
      const rule = { ...known, enabled };
      requireFreeTrigger(batch, rule);
      if (known.enabled !== enabled) {
        const next = rules.map((other) => (other.id === ruleId ? rule : other));
        recordRules(batch, batchId, next, actor, app.now());
      }
      return rule;
    },
  });
}

export function deleteRule(
  app: AppContext,
  { pipelineId, actor, mutation }: RulesInput,
  ruleId: string,
): Promise<Rule> {
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch, batchId) => {
      const { rules } = batch.pipeline;
      const known = requireRule(batch, ruleId);
      const next = rules.filter(({ id }) => id !== ruleId);
      recordRules(batch, batchId, next, actor, app.now());
      return known;
    },
  });
}
