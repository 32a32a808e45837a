import mongoose from "mongoose";
import type { RawRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import type { AppContext } from "#server/app-context.ts";
import type { ImportRecord } from "#server/import/import.model.ts";
import { deleteImportParts, insertImport, insertImportPart } from "#server/import/import.store.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { FileCheck } from "./check-file.ts";
import { readLines } from "./read-lines.ts";

/** Lines of one part, and their length: a part is one document. */
const LINES_AT_ONCE = 500;
const LENGTH_AT_ONCE = 4 * 1024 * 1024;
/** How long a file waits to be imported. */
const KEPT_DAYS = 7;
const DAY_MS = 86_400_000;

type Owner = Pick<ImportRecord, "_id" | "organizationId" | "expireAt">;

/** Lines that wait in the database for their import. */
class Parts {
  readonly #owner: Owner;
  #waiting: RawRow[] = [];
  #length = 0;
  lines = 0;
  count = 0;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  async add(row: RawRow): Promise<void> {
    this.#waiting.push(row);
    this.#length += row.cells[0]?.length ?? 0;
    this.lines += 1;
    if (this.#waiting.length === LINES_AT_ONCE || this.#length > LENGTH_AT_ONCE) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await insertImportPart(this.#owner, this.count, this.#waiting);
    this.count += 1;
    this.#waiting = [];
    this.#length = 0;
  }
}

export type FileUpload = { caller: Caller; name: string; bytes: AsyncIterable<Buffer> };

/**
 * Takes in an exported organization while it arrives, and checks every line of it. Nothing of it is in the
 * organization yet.
 * @throws AppError invalid, too_large
 */
export async function uploadFile(
  app: AppContext,
  { caller, name, bytes }: FileUpload,
): Promise<ImportRecord> {
  const createdAt = app.now();
  const owner: Owner = {
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(caller.organizationId),
    expireAt: new Date(createdAt.getTime() + KEPT_DAYS * DAY_MS),
  };
  const check = new FileCheck();
  const parts = new Parts(owner);
  try {
    for await (const { line, text } of readLines(bytes)) {
      const kept = check.take(line, text);
      if (kept) await parts.add({ row: line, cells: [text, String(kept.seq)] });
    }
    await parts.flush();
  } catch (error) {
    await deleteImportParts(owner._id);
    throw error;
  }
  check.end();
  const shape = { encoding: "utf-8", delimiter: "", columns: [], mapping: {}, pipelineId: null };
  const record: ImportRecord = {
    ...owner,
    ...shape,
    actor: caller.actor,
    name,
    rows: parts.lines,
    parts: parts.count,
    organization: check.plan,
    createdAt,
  };
  await insertImport(record, undefined);
  // What is wrong must be mended in the file: nothing of it will be imported.
  if (check.plan.problemCount > 0) await deleteImportParts(owner._id);
  return record;
}
