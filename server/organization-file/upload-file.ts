import { createHash, type Hash } from "node:crypto";
import mongoose from "mongoose";
import type { RawRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import type { AppContext } from "#server/app-context.ts";
import type { ImportRecord } from "#server/import/import.model.ts";
import {
  deleteImportParts,
  findImport,
  insertImport,
  insertImportPart,
  type UploadedImport,
} from "#server/import/import.store.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { findFirstAnswer } from "#server/pipeline/first-answer.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { AppError } from "#server/platform/app-error.ts";
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

export type FileUpload = {
  caller: Caller;
  name: string;
  bytes: AsyncIterable<Buffer>;
  /** The call by which the file came, when it has named itself: the same file under the same key is one upload. */
  mutationOf(content: string): Mutation | undefined;
};

/** @throws AppError key_reused, not_found when what the first call has made is not kept any more */
async function findUploaded(
  { organizationId }: Caller,
  mutation: Mutation | undefined,
): Promise<ImportRecord> {
  const first = await findFirstAnswer<UploadedImport>(organizationId, mutation);
  if (!first) throw new Error("an upload that was there already has left no trace");
  const record = await findImport(organizationId, first.importId);
  if (!record) throw new AppError("not_found", "No such import");
  return record;
}

/** Checks every line while it arrives, and keeps those that will be many. */
async function takeLines(bytes: AsyncIterable<Buffer>, parts: Parts, digest: Hash): Promise<FileCheck> {
  const check = new FileCheck();
  for await (const { line, text } of readLines(bytes)) {
    digest.update(text).update("\n");
    const kept = check.take(line, text);
    if (kept) await parts.add({ row: line, cells: [text, String(kept.seq)] });
  }
  await parts.flush();
  check.end();
  return check;
}

/**
 * Takes in an exported organization while it arrives, and checks every line of it. Nothing of it is in the
 * organization yet.
 * @throws AppError invalid, too_large, key_reused
 */
export async function uploadFile(app: AppContext, input: FileUpload): Promise<ImportRecord> {
  const { caller, name, bytes } = input;
  const createdAt = app.now();
  const owner: Owner = {
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(caller.organizationId),
    expireAt: new Date(createdAt.getTime() + KEPT_DAYS * DAY_MS),
  };
  const parts = new Parts(owner);
  const digest = createHash("sha256");
  const shape = { encoding: "utf-8", delimiter: "", columns: [], mapping: {}, pipelineId: null };
  try {
    const { plan } = await takeLines(bytes, parts, digest);
    const kept = { rows: parts.lines, parts: parts.count, organization: plan };
    const record: ImportRecord = { ...owner, ...shape, ...kept, actor: caller.actor, name, createdAt };
    const mutation = input.mutationOf(digest.digest("hex"));
    const isNew = await insertImport(record, mutation);
    // What is wrong must be mended in the file: nothing of it will be imported.
    if (!isNew || plan.problemCount > 0) await deleteImportParts(owner._id);
    return isNew ? record : await findUploaded(caller, mutation);
  } catch (error) {
    await deleteImportParts(owner._id);
    throw error;
  }
}
