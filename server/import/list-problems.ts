import type { RowProblem } from "@dmtracker/shared/contracts/imports.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { AppContext } from "#server/app-context.ts";
import { findBulk } from "#server/bulk/bulk.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findProblems } from "./check-import.ts";
import type { ImportRecord } from "./import.model.ts";
import { findImportPart } from "./import.store.ts";

async function* findRefused(record: ImportRecord): AsyncGenerator<RowProblem> {
  for (let index = 0; index < record.parts; index += 1) {
    yield* (await findImportPart(record._id.toHexString(), index))?.problems ?? [];
  }
}

/** All that is wrong with the rows of a file: what its import has refused, or before it, what it would refuse. */
export async function listProblems(
  app: AppContext,
  record: ImportRecord,
  actor: Actor,
): Promise<AsyncIterable<RowProblem>> {
  const organizationId = record.organizationId.toHexString();
  if (await findBulk(organizationId, record._id.toHexString())) return findRefused(record);
  if (record.mapping.username === undefined) {
    throw new AppError("invalid", "Choose the column that holds the username first");
  }
  const pipelineId = await resolvePipelineId(organizationId, record.pipelineId?.toHexString());
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw new AppError("not_found", "No such pipeline");
  return findProblems(app, { record, pipeline, actor });
}
