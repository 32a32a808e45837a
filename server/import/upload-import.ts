import { MAX_IMPORT_COLUMNS, MAX_IMPORT_ROWS } from "@dmtracker/shared/contracts/import-fields.ts";
import { createHash, type Hash } from "node:crypto";
import { guessMapping } from "@dmtracker/shared/pipeline/guess-mapping.ts";
import type { RawRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { findFirstAnswer } from "#server/pipeline/first-answer.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import type { ImportRecord } from "./import.model.ts";
import { deleteImportParts, insertImport, insertImportPart, type UploadedImport } from "./import.store.ts";
import { requireImport } from "./require-import.ts";
import { asUploadError, readUpload } from "./read-upload.ts";

/** Rows of one commit: other people's changes get their turn in between. */
export const ROWS_AT_ONCE = 250;
/** How long a file and the problems of its rows can be looked at again. */
const KEPT_DAYS = 7;
const DAY_MS = 86_400_000;

export type UploadInput = {
  caller: Caller;
  name: string;
  bytes: AsyncIterable<Buffer>;
  /** The call by which the file came, when it has named itself: the same file under the same key is one upload. */
  mutationOf(content: string): Mutation | undefined;
};

/** What identifies a file, known when it has passed. */
async function* digesting(bytes: AsyncIterable<Buffer>, digest: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    digest.update(chunk);
    yield chunk;
  }
}

/** @throws AppError key_reused, not_found when what the first call has made is not kept any more */
async function findUploaded(caller: Caller, mutation: Mutation | undefined): Promise<ImportRecord> {
  const first = await findFirstAnswer<UploadedImport>(caller.organizationId, mutation);
  if (!first) throw new Error("an upload that was there already has left no trace");
  return requireImport(caller, first.importId);
}

const isBlank = (cells: readonly string[]): boolean => cells.every((cell) => cell.trim() === "");

function readColumns(cells: readonly string[]): string[] {
  const names = cells.map((cell) => cell.trim());
  while (names.at(-1) === "") names.pop();
  if (names.length > MAX_IMPORT_COLUMNS) {
    throw invalidField("file", `may have at most ${MAX_IMPORT_COLUMNS} columns`);
  }
  return names.map((name, index) => name.slice(0, 120) || `Column ${index + 1}`);
}

class Rows {
  readonly #owner: Pick<ImportRecord, "_id" | "organizationId" | "expireAt">;
  #waiting: RawRow[] = [];
  count = 0;
  parts = 0;

  constructor(owner: Pick<ImportRecord, "_id" | "organizationId" | "expireAt">) {
    this.#owner = owner;
  }

  async add(row: RawRow): Promise<void> {
    this.count += 1;
    if (this.count > MAX_IMPORT_ROWS) {
      throw new AppError("too_large", `A file may have at most ${MAX_IMPORT_ROWS} rows: split it`);
    }
    this.#waiting.push(row);
    if (this.#waiting.length === ROWS_AT_ONCE) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await insertImportPart(this.#owner, this.parts, this.#waiting);
    this.parts += 1;
    this.#waiting = [];
  }
}

/**
 * Takes in a CSV file while it arrives; nothing of it is a contact yet.
 * @throws AppError invalid, too_large, key_reused
 */
export async function uploadImport(app: AppContext, input: UploadInput): Promise<ImportRecord> {
  const { caller, name, bytes } = input;
  const { organizationId, actor } = caller;
  const digest = createHash("sha256");
  const createdAt = app.now();
  const owner = {
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    expireAt: new Date(createdAt.getTime() + KEPT_DAYS * DAY_MS),
  };
  const rows = new Rows(owner);
  const upload = readUpload(digesting(bytes, digest));
  let columns: string[] | undefined;
  let number = 0;
  try {
    for await (const cells of upload.records) {
      number += 1;
      if (!columns) columns = readColumns(cells);
      else if (!isBlank(cells)) await rows.add({ row: number, cells: cells.slice(0, columns.length) });
    }
    if (!columns || columns.length === 0) throw invalidField("file", "is empty");
    if (rows.count === 0) throw invalidField("file", "has no rows below the names of its columns");
    await rows.flush();
  } catch (error) {
    await deleteImportParts(owner._id);
    throw asUploadError(error);
  }
  const mapping = guessMapping(columns);
  const { delimiter, encoding } = upload.found;
  const shape = { name, encoding, delimiter, columns, rows: rows.count, parts: rows.parts };
  const record: ImportRecord = { ...owner, actor, ...shape, mapping, pipelineId: null, createdAt };
  const mutation = input.mutationOf(digest.digest("hex"));
  if (await insertImport(record, mutation)) return record;
  await deleteImportParts(owner._id);
  return findUploaded(caller, mutation);
}
