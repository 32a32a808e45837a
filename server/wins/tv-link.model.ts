import type { TvLink } from "@dmtracker/shared/contracts/wins.ts";
import mongoose, { type Types } from "mongoose";

export type TvLinkRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  /** Null: all pipelines. */
  pipelineId: Types.ObjectId | null;
  name: string;
  showsContacts: boolean;
  /** SHA-256 of the secret, hexadecimal. The secret itself is shown once and never stored. */
  hash: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
};

const { ObjectId } = mongoose.Schema.Types;

const fields = {
  organizationId: ObjectId,
  pipelineId: ObjectId,
  name: String,
  showsContacts: Boolean,
  hash: String,
  createdAt: Date,
  lastUsedAt: Date,
  revokedAt: Date,
} satisfies Record<Exclude<keyof TvLinkRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
schema.index({ hash: 1 }, { unique: true });
schema.index({ organizationId: 1 });

export const TvLinkModel = mongoose.model<TvLinkRecord>(
  "TvLink",
  schema as unknown as mongoose.Schema<TvLinkRecord>,
  "tv_links",
);

export function toTvLink({ _id, ...record }: TvLinkRecord): TvLink {
  return {
    id: _id.toHexString(),
    name: record.name,
    pipelineId: record.pipelineId?.toHexString() ?? null,
    showsContacts: record.showsContacts,
    createdAt: record.createdAt.toISOString(),
    lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
  };
}
