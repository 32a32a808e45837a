import { AppError } from "#server/platform/app-error.ts";
import { findPipeline, findPipelines } from "./pipeline.store.ts";

/** The stage that an API client means, by id or by name (any case); undefined when it names none. */
export async function resolveStage(
  organizationId: string,
  pipelineId: string,
  named: { stage?: string | undefined; stage_id?: string | undefined },
): Promise<string | undefined> {
  const { stage, stage_id: stageId } = named;
  if (stage === undefined && stageId === undefined) return undefined;
  const pipeline = await findPipeline(pipelineId, organizationId);
  const stages = pipeline?.stages ?? [];
  const wanted = stage?.trim().toLowerCase();
  const found = stages.find(({ id, name }) => id === stageId || name.toLowerCase() === wanted);
  if (found) return found.id;
  const message = `No such stage. The stages are: ${stages.map(({ name }) => name).join(", ")}`;
  const path = stage === undefined ? "stage_id" : "stage";
  throw new AppError("unknown_stage", message, { issues: [{ path, message }] });
}

/** The pipeline that new contacts enter: the named one, else the organization's first. */
export async function resolvePipelineId(organizationId: string, named: string | undefined): Promise<string> {
  const pipelines = await findPipelines(organizationId);
  const pipeline = named === undefined ? pipelines[0] : pipelines.find(({ id }) => id === named);
  if (!pipeline) throw new AppError("not_found", "No such pipeline");
  return pipeline.id;
}
