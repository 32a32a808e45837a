import type { AppContext } from "#server/app-context.ts";
import type { SettingsCall } from "./pipeline-settings.ts";
import { recordPipelineEvent } from "./record-pipeline-event.ts";

/** Its own log tells it: the name changes on every open page. */
export function renamePipeline(
  app: AppContext,
  { pipelineId, actor, mutation }: SettingsCall,
  name: string,
): Promise<{ id: string; name: string }> {
  return app.commits.submit(pipelineId, {
    mutation,
    contactIds: [],
    decide: (batch, batchId) => {
      const before = batch.pipeline.name;
      if (before !== name) {
        recordPipelineEvent(batch, {
          type: "pipeline.renamed",
          before: { name: before },
          after: { name },
          actor,
          batchId,
          at: app.now(),
        });
      }
      return { id: pipelineId, name };
    },
  });
}
