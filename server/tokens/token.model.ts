import type { ApiToken } from "@dmtracker/shared/contracts/tokens.ts";
import mongoose, { type Types } from "mongoose";

export type TokenRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  name: string;
  /** SHA-256 of the secret, hexadecimal. The secret itself is shown once and never stored. */
  hash: string;
  createdAt: Date;
  /** Name of who made it; absent in tokens that no person made. */
  createdBy?: string;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
};

const fields = {
  organizationId: mongoose.Schema.Types.ObjectId,
  name: String,
  hash: String,
  createdAt: Date,
  createdBy: String,
  lastUsedAt: Date,
  revokedAt: Date,
} satisfies Record<Exclude<keyof TokenRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
schema.index({ hash: 1 }, { unique: true });
schema.index({ organizationId: 1 });

export const TokenModel = mongoose.model<TokenRecord>(
  "Token",
  schema as unknown as mongoose.Schema<TokenRecord>,
  "tokens",
);

export function toApiToken({ _id, name, createdAt, createdBy, lastUsedAt }: TokenRecord): ApiToken {
  return {
    id: _id.toHexString(),
    name,
    createdAt: createdAt.toISOString(),
    createdBy: createdBy ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
