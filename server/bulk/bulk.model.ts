import type { BulkChange, BulkProblem, BulkState } from "@dmtracker/shared/contracts/bulk.ts";
import type { ImportMapping } from "@dmtracker/shared/contracts/import-fields.ts";
import type { Undone } from "@dmtracker/shared/contracts/event.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import mongoose, { type Types } from "mongoose";
import type { ReversalTarget } from "#server/reversal/reversal-target.ts";

/** What a bulk action does. */
export type BulkWork =
  | { kind: "change"; change: BulkChange }
  | { kind: "undo" | "reversal"; target: ReversalTarget; undoes: Undone }
  /** Its rows are kept with the file, which has the same id. */
  | { kind: "import"; mapping: ImportMapping }
  /** A whole organization, likewise: the pipelines that it makes, in the place of the one that is at `seq` now. */
  | { kind: "organization"; pipelineIds: string[]; seq: number };

export type BulkRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  pipelineId: Types.ObjectId;
  work: BulkWork;
  actor: Actor;
  title: string;
  state: BulkState;
  cancelWanted: boolean;
  /** Set before what was done is taken back: from then on no part can be added, whoever goes on. */
  ending?: { state: "cancelled" | "failed"; reason: string | null };
  total: number;
  parts: number;
  /** The first part that is not known to be committed. */
  nextPart: number;
  done: number;
  changed: number;
  refused: number;
  problems: BulkProblem[];
  reason: string | null;
  seq: number;
  /** The process that works on it, and until when nobody else may. */
  leaseOwner: string | null;
  leaseUntil: Date;
  startedAt: Date;
  finishedAt: Date | null;
};

/** Contacts that one commit of a bulk action changes; forgotten when the action is over. */
export type BulkPartRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  bulkId: Types.ObjectId;
  index: number;
  contactIds: Types.ObjectId[];
  expireAt: Date;
};

const { ObjectId, Mixed } = mongoose.Schema.Types;

const fields = {
  organizationId: ObjectId,
  pipelineId: ObjectId,
  work: Mixed,
  actor: Mixed,
  title: String,
  state: String,
  cancelWanted: Boolean,
  ending: Mixed,
  total: Number,
  parts: Number,
  nextPart: Number,
  done: Number,
  changed: Number,
  refused: Number,
  problems: Mixed,
  reason: String,
  seq: Number,
  leaseOwner: String,
  leaseUntil: Date,
  startedAt: Date,
  finishedAt: Date,
} satisfies Record<Exclude<keyof Required<BulkRecord>, "_id">, unknown>;

// `type` may be a key inside of what is stored (an actor's), never mongoose's way to declare a field.
const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw", minimize: false });
schema.index({ organizationId: 1, startedAt: -1 });
schema.index({ state: 1, leaseUntil: 1 });

export const BulkModel = mongoose.model<BulkRecord>(
  "BulkAction",
  schema as unknown as mongoose.Schema<BulkRecord>,
  "bulkactions",
);

const partFields = {
  organizationId: ObjectId,
  bulkId: ObjectId,
  index: Number,
  contactIds: [ObjectId],
  expireAt: Date,
} satisfies Record<Exclude<keyof BulkPartRecord, "_id">, unknown>;

const partSchema = new mongoose.Schema(partFields, { versionKey: false, strict: "throw" });
partSchema.index({ bulkId: 1, index: 1 }, { unique: true });
partSchema.index({ expireAt: 1 }, { expireAfterSeconds: 0 });

export const BulkPartModel = mongoose.model<BulkPartRecord>(
  "BulkPart",
  partSchema as unknown as mongoose.Schema<BulkPartRecord>,
  "bulkparts",
);
