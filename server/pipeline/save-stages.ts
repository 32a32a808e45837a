import type { NewStage, Stage, StageChange } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Refusal } from "@dmtracker/shared/pipeline/decision.ts";
import { addStage, changeStage, isSameStages } from "@dmtracker/shared/pipeline/stages.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { throwRefusal } from "#server/contacts/change-contact.ts";
import type { SettingsCall } from "./pipeline-settings.ts";
import { recordPipelineEvent } from "./record-pipeline-event.ts";
import type { WorkingSet } from "./working-set.ts";

type Decided = { ok: true; stages: Stage[]; stage: Stage } | Refusal;

/** Decides in the pipeline's queue, so that two people who change the stages at once each see what the other did. */
function saveStages(
  app: AppContext,
  { pipelineId, actor, mutation }: SettingsCall,
  decide: (stages: readonly Stage[]) => Decided,
): Promise<Stage> {
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch: WorkingSet, batchId) => {
      const before = batch.pipeline.stages;
      const decided = decide(before);
      if (!decided.ok) throwRefusal(decided);
      const { stages, stage } = decided;
      if (!isSameStages(before, stages)) {
        recordPipelineEvent(batch, {
          type: "pipeline.stages_changed",
          before: { stages: before },
          after: { stages },
          actor,
          batchId,
          at: app.now(),
        });
      }
      return stage;
    },
  });
}

/** @throws AppError duplicate, invalid */
export function createStage(app: AppContext, call: SettingsCall, stage: NewStage): Promise<Stage> {
  const id = new mongoose.Types.ObjectId().toHexString();
  return saveStages(app, call, (stages) => addStage(stages, stage, id));
}

/** Name, colour and place of a stage. @throws AppError duplicate, unknown_stage */
export function updateStage(
  app: AppContext,
  call: SettingsCall,
  stageId: string,
  change: StageChange,
): Promise<Stage> {
  return saveStages(app, call, (stages) => changeStage(stages, stageId, change));
}
