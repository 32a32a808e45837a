import type { ImportMapping } from "@dmtracker/shared/contracts/import-fields.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { findBulk } from "#server/bulk/bulk.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import type { ImportRecord } from "./import.model.ts";
import { saveImportPlan } from "./import.store.ts";

export type Planned = { record: ImportRecord; pipeline: Pipeline };

/**
 * Notes as what a file is to be read, and into which pipeline.
 * @throws AppError not_found, conflict, invalid
 */
export async function planImport(
  record: ImportRecord,
  { mapping, pipeline_id }: { mapping: ImportMapping; pipeline_id?: string | undefined },
): Promise<Planned> {
  const organizationId = record.organizationId.toHexString();
  const pipelineId = await resolvePipelineId(organizationId, pipeline_id);
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw new AppError("not_found", "No such pipeline");
  const columns = Object.entries(mapping).filter(([, column]) => column !== undefined);
  const beyond = columns.find(([, column]) => column >= record.columns.length);
  if (beyond) throw invalidField(`mapping.${beyond[0]}`, `the file has ${record.columns.length} columns`);
  if (await findBulk(organizationId, record._id.toHexString())) {
    throw new AppError("conflict", "This file was imported already: upload it again to import it again");
  }
  const chosen = Object.fromEntries(columns) as ImportMapping;
  await saveImportPlan(record, { mapping: chosen, pipelineId });
  return { record: { ...record, mapping: chosen, pipelineId: null }, pipeline };
}
