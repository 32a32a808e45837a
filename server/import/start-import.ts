import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { AppContext } from "#server/app-context.ts";
import { findBulk, toBulkAction } from "#server/bulk/bulk.store.ts";
import { runNewBulk } from "#server/bulk/start-bulk.ts";
import type { ImportRecord } from "./import.model.ts";

/**
 * Starts the import of an uploaded file; the same file is imported once. It is a bulk action, with everything that
 * goes for them: progress, cancel, going on after a restart, undo as one.
 */
export async function startImport(
  app: AppContext,
  { record, pipelineId, actor }: { record: ImportRecord; pipelineId: string; actor: Actor },
): Promise<BulkAction> {
  const organizationId = record.organizationId.toHexString();
  const id = record._id.toHexString();
  const started = await runNewBulk(app, {
    id,
    organizationId,
    pipelineId,
    actor,
    title: `Imported ${record.name}`,
    work: { kind: "import", mapping: record.mapping },
    total: record.rows,
    parts: record.parts,
    contactIds: [],
  });
  if (started) return started;
  const before = await findBulk(organizationId, id);
  if (!before) throw new Error("an import that was started has left no trace");
  return toBulkAction(before);
}
