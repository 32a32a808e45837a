import {
  ColumnPageQuery,
  ContactsQuery,
  EventsQuery,
  PipelineIdParam,
  RuleParams,
  StageParams,
} from "@dmtracker/shared/contracts/queries.ts";
import { NewRule, RuleSwitch } from "@dmtracker/shared/contracts/pipeline.ts";
import { Router, type Request } from "express";
import { requireFilter } from "#server/contacts/require-filter.ts";
import { findEventsAfter } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { requireAdmin, requireCaller } from "#server/organizations/caller.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { loadBoard, loadColumnPage, loadContacts } from "./load-board.ts";
import { findPipeline, findPipelines } from "./pipeline.store.ts";
import { mutationOf } from "./request-mutation.ts";
import { resolvePipelineId } from "./resolve-stage.ts";
import { createRule, deleteRule, setRuleEnabled, type RulesInput } from "./save-rules.ts";

export function pipelineRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/pipelines", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const pipelines = await findPipelines(organizationId);
    answer(response, {
      pipelines: pipelines.map(({ id, name, stages, seq }) => ({ id, name, stages, seq })),
    });
  });

  router.get("/pipelines/:pipelineId/board", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const { pipelineId } = PipelineIdParam.parse(request.params);
    const filter = requireFilter(request);
    answer(response, await loadBoard(app, organizationId, pipelineId, filter));
  });

  router.get("/pipelines/:pipelineId/stages/:stageId/contacts", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const { pipelineId, stageId } = StageParams.parse(request.params);
    const { after_rank: rank, after_id: id, limit } = ColumnPageQuery.parse(request.query);
    const after = rank === undefined || id === undefined ? undefined : { rank, id };
    const filter = requireFilter(request, Object.keys(ColumnPageQuery.shape));
    answer(
      response,
      await loadColumnPage(app, organizationId, pipelineId, stageId, { after, limit, filter }),
    );
  });

  router.get("/pipelines/:pipelineId/contacts", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const { pipelineId } = PipelineIdParam.parse(request.params);
    const { ids } = ContactsQuery.parse(request.query);
    answer(response, await loadContacts(organizationId, pipelineId, ids));
  });

  router.get("/events", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const { pipeline_id: named, after, limit } = EventsQuery.parse(request.query);
    const pipelineId = await resolvePipelineId(organizationId, named);
    answer(response, { pipelineId, events: await findEventsAfter(pipelineId, after, limit) });
  });

  const settingsOf = async (request: Request): Promise<RulesInput> => {
    const caller = await requireCaller(app, request.headers);
    requireAdmin(caller);
    const { pipelineId } = PipelineIdParam.parse(request.params);
    const pipeline = await findPipeline(pipelineId, caller.organizationId);
    if (!pipeline) throw new AppError("not_found", "No such pipeline");
    const mutation = mutationOf(request, caller, [request.method, request.path, request.body ?? null]);
    return { pipelineId, actor: caller.actor, mutation };
  };

  router.get("/pipelines/:pipelineId/rules", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const { pipelineId } = PipelineIdParam.parse(request.params);
    const pipeline = await findPipeline(pipelineId, organizationId);
    if (!pipeline) throw new AppError("not_found", "No such pipeline");
    answer(response, { rules: pipeline.rules });
  });

  router.post("/pipelines/:pipelineId/rules", async (request, response) => {
    const input = await settingsOf(request);
    const rule = await createRule(app, input, NewRule.parse(request.body ?? {}));
    answer(response, { rule }, "Rule created", 201);
  });

  router.patch("/pipelines/:pipelineId/rules/:ruleId", async (request, response) => {
    const input = await settingsOf(request);
    const { ruleId } = RuleParams.parse(request.params);
    const { enabled } = RuleSwitch.parse(request.body ?? {});
    answer(response, { rule: await setRuleEnabled(app, input, ruleId, enabled) }, "Rule updated");
  });

  router.delete("/pipelines/:pipelineId/rules/:ruleId", async (request, response) => {
    const input = await settingsOf(request);
    const { ruleId } = RuleParams.parse(request.params);
    answer(response, { rule: await deleteRule(app, input, ruleId) }, "Rule deleted");
  });

  return router;
}
