import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import mongoose, { type Types } from "mongoose";

export type TagRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  name: string;
  /** The name in lower case: what makes it unique. */
  key: string;
  colour: string;
};

const fields = {
  organizationId: mongoose.Schema.Types.ObjectId,
  name: String,
  key: String,
  colour: String,
} satisfies Record<Exclude<keyof TagRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
schema.index({ organizationId: 1, key: 1 }, { unique: true });

export const TagModel = mongoose.model<TagRecord>(
  "Tag",
  schema as unknown as mongoose.Schema<TagRecord>,
  "tags",
);

export const toTag = ({ _id, name, colour }: TagRecord): Tag => ({ id: _id.toHexString(), name, colour });
