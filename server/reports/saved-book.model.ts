import mongoose, { type Types } from "mongoose";

/** One part of a book as it was at `seq`. Part 0 is written last and says how many there are: without it there is none. */
export type SavedBookPart = {
  _id: Types.ObjectId;
  pipelineId: Types.ObjectId;
  seq: number;
  part: number;
  parts: number;
  /** Which way of counting and of writing made it: see `saved-book.ts`. */
  format: number;
  bytes: Buffer;
};

const fields = {
  pipelineId: mongoose.Schema.Types.ObjectId,
  seq: Number,
  part: Number,
  parts: Number,
  format: Number,
  bytes: Buffer,
} satisfies Record<Exclude<keyof SavedBookPart, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
schema.index({ pipelineId: 1, part: 1, seq: 1 }, { unique: true });

export const SavedBookModel = mongoose.model<SavedBookPart>(
  "SavedBook",
  schema as unknown as mongoose.Schema<SavedBookPart>,
  "saved_books",
);
