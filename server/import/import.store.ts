import type { ImportMapping } from "@dmtracker/shared/contracts/import-fields.ts";
import type { RowProblem } from "@dmtracker/shared/contracts/imports.ts";
import type { RawRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import mongoose from "mongoose";
import { insertNamed } from "#server/pipeline/insert-named.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import {
  ImportModel,
  ImportPartModel,
  type ImportPartRecord,
  type ImportRecord,
  type PartCounts,
} from "./import.model.ts";

const toObjectId = (id: string) => new mongoose.Types.ObjectId(id);

/** What the call that brought a file is answered again by. */
export type UploadedImport = { importId: string };

/** @returns false when the same call has brought it before */
export function insertImport(record: ImportRecord, mutation: Mutation | undefined): Promise<boolean> {
  const answer: UploadedImport = { importId: record._id.toHexString() };
  return insertNamed((session) => ImportModel.collection.insertOne(record, { session }), {
    organizationId: record.organizationId.toHexString(),
    mutation: mutation && { ...mutation, answer },
  });
}

export async function insertImportPart(
  { _id: importId, organizationId, expireAt }: Pick<ImportRecord, "_id" | "organizationId" | "expireAt">,
  index: number,
  rows: RawRow[],
): Promise<void> {
  const _id = new mongoose.Types.ObjectId();
  const part = { _id, organizationId, importId, index, rows, counts: null, problems: [], expireAt };
  await ImportPartModel.collection.insertOne(part);
}

/** Rows of a file that turned out to be none. */
export async function deleteImportParts(importId: mongoose.Types.ObjectId): Promise<void> {
  await ImportPartModel.collection.deleteMany({ importId });
}

/** Keeps a file until then, its rows too. */
export async function keepImport(
  { _id, organizationId }: Pick<ImportRecord, "_id" | "organizationId">,
  expireAt: Date,
): Promise<void> {
  await ImportModel.collection.updateOne({ _id, organizationId }, { $set: { expireAt } });
  await ImportPartModel.collection.updateMany({ importId: _id }, { $set: { expireAt } });
}

export async function findImport(organizationId: string, id: string): Promise<ImportRecord | undefined> {
  return (await ImportModel.findOne({ _id: id, organizationId }).lean<ImportRecord>()) ?? undefined;
}

export async function findImports(
  organizationId: string,
  { actorId, limit }: { actorId?: string | undefined; limit: number },
): Promise<ImportRecord[]> {
  const whose = actorId === undefined ? {} : { "actor.id": actorId };
  return ImportModel.find({ organizationId, ...whose, organization: null })
    .sort({ createdAt: -1 })
    .limit(limit)
    .lean<ImportRecord[]>();
}

/** Notes as what the file is to be read. */
export async function saveImportPlan(
  { _id, organizationId }: ImportRecord,
  { mapping, pipelineId }: { mapping: ImportMapping; pipelineId: string },
): Promise<void> {
  await ImportModel.collection.updateOne(
    { _id, organizationId },
    { $set: { mapping, pipelineId: toObjectId(pipelineId) } },
  );
}

export async function findImportPart(importId: string, index: number): Promise<ImportPartRecord | undefined> {
  return (await ImportPartModel.findOne({ importId, index }).lean<ImportPartRecord>()) ?? undefined;
}

export async function saveImportPart(
  importId: string,
  index: number,
  outcome: { counts: PartCounts; problems: RowProblem[] },
): Promise<void> {
  await ImportPartModel.collection.updateOne({ importId: toObjectId(importId), index }, { $set: outcome });
}

/** What the committed parts have done so far. */
export async function sumImport(importId: string): Promise<PartCounts> {
  const sum = (name: keyof PartCounts) => ({ $sum: `$counts.${name}` });
  const [found] = await ImportPartModel.aggregate<PartCounts>([
    { $match: { importId: toObjectId(importId), counts: { $ne: null } } },
    {
      $group: {
        _id: null,
        created: sum("created"),
        updated: sum("updated"),
        unchanged: sum("unchanged"),
        refused: sum("refused"),
      },
    },
  ]);
  const { created = 0, updated = 0, unchanged = 0, refused = 0 } = found ?? {};
  return { created, updated, unchanged, refused };
}
