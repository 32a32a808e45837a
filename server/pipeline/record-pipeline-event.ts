import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { WorkingSet } from "./working-set.ts";

type Told = Pick<PipelineEvent, "type" | "before" | "after" | "actor" | "batchId"> & { at: Date };

/** Takes the next event into the batch that is about the pipeline and no single contact. */
export function recordPipelineEvent(batch: WorkingSet, { at, ...told }: Told): void {
  const event: PipelineEvent = {
    ...told,
    pipelineId: batch.pipeline.id,
    seq: batch.pipeline.seq + 1,
    contactId: null,
    username: null,
    cause: null,
    at: at.toISOString(),
  };
  batch.record([event]);
}
