import { DeleteStageQuery, PipelineBody } from "@dmtracker/shared/contracts/organization-rest.ts";
import { NewStage, StageChange } from "@dmtracker/shared/contracts/pipeline.ts";
import { StageParams } from "@dmtracker/shared/contracts/queries.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { requireOrganizationSettings } from "#server/organizations/require-organization-settings.ts";
import { answer } from "#server/platform/http.ts";
import { addPipeline } from "./add-pipeline.ts";
import { deleteStage } from "./delete-stage.ts";
import { requirePipelineSettings } from "./pipeline-settings.ts";
import { renamePipeline } from "./rename-pipeline.ts";
import { createStage, updateStage } from "./save-stages.ts";

/** Pipelines and their stages, as owner and admin change them. */
export function stagesRoutes(app: AppContext): Router {
  const router = Router();

  router.post("/pipelines", async (request, response) => {
    const call = requireOrganizationSettings(app, request);
    const { name } = PipelineBody.parse(request.body ?? {});
    const { id, stages, seq } = await addPipeline(app, call, name);
    answer(response, { pipeline: { id, name, stages, seq } }, "Pipeline created", 201);
  });

  router.patch("/pipelines/:pipelineId", async (request, response) => {
    const call = await requirePipelineSettings(app, request);
    const { name } = PipelineBody.parse(request.body ?? {});
    answer(response, { pipeline: await renamePipeline(app, call, name) }, "Pipeline renamed");
  });

  router.post("/pipelines/:pipelineId/stages", async (request, response) => {
    const call = await requirePipelineSettings(app, request);
    const stage = await createStage(app, call, NewStage.parse(request.body ?? {}));
    answer(response, { stage }, "Stage added", 201);
  });

  router.patch("/pipelines/:pipelineId/stages/:stageId", async (request, response) => {
    const call = await requirePipelineSettings(app, request);
    const { stageId } = StageParams.parse(request.params);
    const change = StageChange.parse(request.body ?? {});
    answer(response, { stage: await updateStage(app, call, stageId, change) }, "Stage saved");
  });

  router.delete("/pipelines/:pipelineId/stages/:stageId", async (request, response) => {
    const call = await requirePipelineSettings(app, request);
    const { stageId } = StageParams.parse(request.params);
    const { move_to: moveTo } = DeleteStageQuery.parse(request.query);
    const { stage, moved, rulesSwitchedOff } = await deleteStage(app, call, { stageId, moveTo });
    answer(response, { stage, moved, rules_switched_off: rulesSwitchedOff }, "Stage deleted");
  });

  return router;
}
