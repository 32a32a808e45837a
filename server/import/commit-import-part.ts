import type { ImportMapping } from "@dmtracker/shared/contracts/import-fields.ts";
import type { RowProblem } from "@dmtracker/shared/contracts/imports.ts";
import type { AppContext } from "#server/app-context.ts";
import type { BulkRecord } from "#server/bulk/bulk.model.ts";
import type { PartAnswer } from "#server/bulk/bulk.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { countResults, decideImport, type DecidedRow } from "./decide-import.ts";
import type { ImportPartRecord, PartCounts } from "./import.model.ts";
import { findImportPart, saveImportPart } from "./import.store.ts";
import { KnownTags } from "./known-tags.ts";
import { readRows } from "./read-rows.ts";

/** Somebody else may bring the same new contact at once: the part is decided again, with theirs known. */
const MAX_TRIES = 5;

type Committed = { counts: PartCounts; problems: RowProblem[]; seq: number };

const toCommitted = (rows: readonly DecidedRow[], seq: number): Committed => ({
  counts: countResults(rows),
  problems: rows.flatMap(({ problems }) => problems),
  seq,
});

async function commit(
  app: AppContext,
  bulk: BulkRecord,
  mapping: ImportMapping,
  { index, rows: raw }: ImportPartRecord,
): Promise<Committed> {
  const id = bulk._id.toHexString();
  const organizationId = bulk.organizationId.toHexString();
  const pipelineId = bulk.pipelineId.toHexString();
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw new AppError("not_found", "The pipeline does not exist any more");
  const tags = await KnownTags.find(organizationId);
  const rows = readRows(raw, mapping, { stages: pipeline.stages, tags });
  await tags.make(organizationId);
  const input = { organizationId, rows, tags, actor: bulk.actor, at: app.now() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await app.commits.submit<Committed>(pipelineId, {
        mutation: { id: `import:${id}:${index}`, fingerprint: id },
        batchId: id,
        contactIds: [],
        decide: async (batch, batchId) => {
          const decided = await decideImport(input, batch, batchId);
          return toCommitted(decided, batch.pipeline.seq);
        },
      });
    } catch (error) {
      const isTaken = error instanceof AppError && error.code === "duplicate";
      if (!isTaken || attempt === MAX_TRIES) throw error;
    }
  }
}

/**
 * One commit of an import. Run twice (after a crash, or by two processes) it happens once: the part is its own
 * mutation, and its first answer is noted again.
 */
export async function commitImportPart(
  app: AppContext,
  bulk: BulkRecord,
  mapping: ImportMapping,
): Promise<{ size: number; answer: PartAnswer }> {
  const id = bulk._id.toHexString();
  const index = bulk.nextPart;
  const part = await findImportPart(id, index);
  if (!part) throw new AppError("not_found", "The file is not kept any more");
  const { counts, problems, seq } = await commit(app, bulk, mapping, part);
  await saveImportPart(id, index, { counts, problems });
  // Rows that are refused have no contact to name: they are told by their numbers.
  const changed = counts.created + counts.updated;
  return { size: part.rows.length, answer: { changed, refused: counts.refused, problems: [], seq } };
}
