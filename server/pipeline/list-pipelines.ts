import type { PipelineSummary } from "@dmtracker/shared/contracts/pipeline.ts";
import { findPipelines } from "./pipeline.store.ts";

export async function listPipelines(organizationId: string): Promise<{ pipelines: PipelineSummary[] }> {
  const pipelines = await findPipelines(organizationId);
  return { pipelines: pipelines.map(({ id, name, stages, seq }) => ({ id, name, stages, seq })) };
}
