import type { AppContext } from "#server/app-context.ts";
import { findBulk } from "#server/bulk/bulk.store.ts";
import { runNewBulk } from "#server/bulk/start-bulk.ts";
import { keepImport } from "#server/import/import.store.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { findPipelines } from "#server/pipeline/pipeline.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { FileRecord } from "./file-import-answer.ts";
import { newIdsOf } from "./new-ids-of.ts";
import { findObstacles } from "./organization-file.store.ts";

/** How long the file of an import that was started is kept, however long nobody works on it. */
const KEPT_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * Starts the import of a checked file into an organization that has nothing yet; once. It is a bulk action: progress,
 * cancel, going on after a restart.
 * @throws AppError invalid, conflict
 */
export async function startFileImport(app: AppContext, caller: Caller, record: FileRecord): Promise<void> {
  const { organizationId, actor } = caller;
  const id = record._id.toHexString();
  if (await findBulk(organizationId, id)) return;
  if (record.organization.problemCount > 0) {
    throw new AppError("invalid", "The file has problems: mend them, or export it again");
  }
  const obstacles = await findObstacles(organizationId);
  if (obstacles.length > 0) {
    const why = obstacles.join(". ");
    throw new AppError("conflict", `Only an organization with nothing in it takes in another one. ${why}.`);
  }
  const [pipeline] = await findPipelines(organizationId);
  if (!pipeline) throw new AppError("not_found", "This organization has no pipeline");
  const ids = await newIdsOf(app, record);
  const pipelineIds = record.organization.pipelines.map((one) => ids.of(one.id));
  await keepImport(record, new Date(app.now().getTime() + KEPT_DAYS * DAY_MS));
  await runNewBulk(app, {
    id,
    organizationId,
    pipelineId: pipeline.id,
    actor,
    title: `Imported ${record.organization.organization || record.name}`,
    work: { kind: "organization", pipelineIds, seq: pipeline.seq },
    total: record.rows,
    // The last one opens what the others have put in.
    parts: record.parts + 1,
    contactIds: [],
  });
}
