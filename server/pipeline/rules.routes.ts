import { TimedRuleParams } from "@dmtracker/shared/contracts/organization-rest.ts";
import { NewRule, NewTimedRule, RuleChange, TimedRuleChange } from "@dmtracker/shared/contracts/pipeline.ts";
import { PipelineIdParam, RuleParams } from "@dmtracker/shared/contracts/queries.ts";
import { PreviewRule, PreviewTimedRule } from "@dmtracker/shared/contracts/rule-preview.ts";
import { Router, type Request } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { findPipeline } from "./pipeline.store.ts";
import { requirePipelineSettings } from "./pipeline-settings.ts";
import { previewRule } from "./preview-rule.ts";
import { previewTimedRule } from "./preview-timed-rule.ts";
import { createRule, deleteRule, updateRule } from "./save-rules.ts";
import { createTimedRule, deleteTimedRule, updateTimedRule } from "./save-timed-rules.ts";

/** Automation rules, those that answer to a change and those that answer to time. */
export function rulesRoutes(app: AppContext): Router {
  const router = Router();
  const requireSettings = (request: Request) => requirePipelineSettings(app, request);
  const readPipeline = async (request: Request) => {
    const { organizationId } = callerOf(request.res);
    const { pipelineId } = PipelineIdParam.parse(request.params);
    const pipeline = await findPipeline(pipelineId, organizationId);
    if (!pipeline) throw new AppError("not_found", "No such pipeline");
    return pipeline;
  };

  router.get("/pipelines/:pipelineId/rules", async (request, response) => {
    const { rules } = await readPipeline(request);
    answer(response, { rules });
  });

  router.post("/pipelines/:pipelineId/rules", async (request, response) => {
    const call = await requireSettings(request);
    const rule = await createRule(app, call, NewRule.parse(request.body ?? {}));
    answer(response, { rule }, "Rule created", 201);
  });

  router.post("/pipelines/:pipelineId/rules/preview", async (request, response) => {
    await requireSettings(request);
    const wanted = PreviewRule.parse(request.body ?? {});
    answer(response, await previewRule(app, await readPipeline(request), wanted));
  });

  router.patch("/pipelines/:pipelineId/rules/:ruleId", async (request, response) => {
    const call = await requireSettings(request);
    const { ruleId } = RuleParams.parse(request.params);
    const rule = await updateRule(app, call, ruleId, RuleChange.parse(request.body ?? {}));
    answer(response, { rule }, "Rule updated");
  });

  router.delete("/pipelines/:pipelineId/rules/:ruleId", async (request, response) => {
    const call = await requireSettings(request);
    const { ruleId } = RuleParams.parse(request.params);
    answer(response, { rule: await deleteRule(app, call, ruleId) }, "Rule deleted");
  });

  router.get("/pipelines/:pipelineId/timed-rules", async (request, response) => {
    const { timedRules = [] } = await readPipeline(request);
    answer(response, { timed_rules: timedRules });
  });

  router.post("/pipelines/:pipelineId/timed-rules", async (request, response) => {
    const call = await requireSettings(request);
    const rule = await createTimedRule(app, call, NewTimedRule.parse(request.body ?? {}));
    answer(response, { timed_rule: rule }, "Rule created", 201);
  });

  router.post("/pipelines/:pipelineId/timed-rules/preview", async (request, response) => {
    await requireSettings(request);
    const wanted = PreviewTimedRule.parse(request.body ?? {});
    answer(response, await previewTimedRule(app, await readPipeline(request), wanted));
  });

  router.patch("/pipelines/:pipelineId/timed-rules/:timedRuleId", async (request, response) => {
    const call = await requireSettings(request);
    const { timedRuleId } = TimedRuleParams.parse(request.params);
    const rule = await updateTimedRule(app, call, timedRuleId, TimedRuleChange.parse(request.body ?? {}));
    answer(response, { timed_rule: rule }, "Rule updated");
  });

  router.delete("/pipelines/:pipelineId/timed-rules/:timedRuleId", async (request, response) => {
    const call = await requireSettings(request);
    const { timedRuleId } = TimedRuleParams.parse(request.params);
    answer(response, { timed_rule: await deleteTimedRule(app, call, timedRuleId) }, "Rule deleted");
  });

  return router;
}
