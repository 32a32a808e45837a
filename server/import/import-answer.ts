import type { Import } from "@dmtracker/shared/contracts/imports.ts";
import { findBulk, toBulkAction } from "#server/bulk/bulk.store.ts";
import type { ImportRecord } from "./import.model.ts";
import { findImportPart, sumImport } from "./import.store.ts";

const SAMPLE_ROWS = 5;

async function findRun(record: ImportRecord): Promise<Import["run"]> {
  const id = record._id.toHexString();
  const bulk = await findBulk(record.organizationId.toHexString(), id);
  if (!bulk) return null;
  const { state, total, done, reason, startedAt, finishedAt } = toBulkAction(bulk);
  return { state, total, done, reason, startedAt, finishedAt, ...(await sumImport(id)) };
}

/** An uploaded file in the words of the public API, with how far its import is. */
export async function toImportAnswer(record: ImportRecord): Promise<Import> {
  const { name, createdAt, encoding, delimiter, columns, rows, mapping, pipelineId } = record;
  const id = record._id.toHexString();
  const first = await findImportPart(id, 0);
  return {
    id,
    name,
    created_at: createdAt.toISOString(),
    encoding,
    delimiter,
    columns,
    rows,
    sample: first?.rows.slice(0, SAMPLE_ROWS).map(({ cells }) => [...cells]) ?? [],
    mapping,
    pipeline_id: pipelineId?.toHexString() ?? null,
    run: await findRun(record),
  };
}
