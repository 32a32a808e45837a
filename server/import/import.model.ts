import type { ImportMapping } from "@dmtracker/shared/contracts/import-fields.ts";
import type { RowProblem } from "@dmtracker/shared/contracts/imports.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { RawRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import mongoose, { type Types } from "mongoose";
import type { FilePlan } from "#server/organization-file/check-file.ts";

/** An uploaded file: its shape, and as what it was last read. Its rows are in parts. */
export type ImportRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  actor: Actor;
  name: string;
  encoding: string;
  delimiter: string;
  columns: string[];
  rows: number;
  parts: number;
  mapping: ImportMapping;
  pipelineId: Types.ObjectId | null;
  /** Set when it is no CSV file but a whole organization. */
  organization?: FilePlan;
  createdAt: Date;
  expireAt: Date;
};

export type PartCounts = { created: number; updated: number; unchanged: number; refused: number };

/** Rows that one commit takes in, and what came of them. */
export type ImportPartRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  importId: Types.ObjectId;
  index: number;
  rows: RawRow[];
  /** null until it was committed. */
  counts: PartCounts | null;
  problems: RowProblem[];
  expireAt: Date;
};

const { ObjectId, Mixed } = mongoose.Schema.Types;

const fields = {
  organizationId: ObjectId,
  actor: Mixed,
  name: String,
  encoding: String,
  delimiter: String,
  columns: [String],
  rows: Number,
  parts: Number,
  mapping: Mixed,
  pipelineId: ObjectId,
  organization: Mixed,
  createdAt: Date,
  expireAt: Date,
} satisfies Record<Exclude<keyof ImportRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw", minimize: false });
schema.index({ organizationId: 1, createdAt: -1 });
schema.index({ expireAt: 1 }, { expireAfterSeconds: 0 });

export const ImportModel = mongoose.model<ImportRecord>(
  "Import",
  schema as unknown as mongoose.Schema<ImportRecord>,
  "imports",
);

const partFields = {
  organizationId: ObjectId,
  importId: ObjectId,
  index: Number,
  rows: Mixed,
  counts: Mixed,
  problems: Mixed,
  expireAt: Date,
} satisfies Record<Exclude<keyof ImportPartRecord, "_id">, unknown>;

const partSchema = new mongoose.Schema(partFields, { versionKey: false, strict: "throw", minimize: false });
partSchema.index({ importId: 1, index: 1 }, { unique: true });
partSchema.index({ expireAt: 1 }, { expireAfterSeconds: 0 });

export const ImportPartModel = mongoose.model<ImportPartRecord>(
  "ImportPart",
  partSchema as unknown as mongoose.Schema<ImportPartRecord>,
  "importparts",
);
