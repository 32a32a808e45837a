import mongoose, { type Types } from "mongoose";

/** How long a retry of the same call still gets the first answer. */
export const MUTATION_DAYS = 14;

/**
 * The answer to a call that named itself: saved in the same transaction as what it changed, or claimed before a call
 * that has no such transaction.
 */
export type MutationRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  mutationId: string;
  /** Digest of the call: the same id with another body is a mistake of the caller. */
  fingerprint: string;
  /** null while the call is under way. */
  answer: unknown;
  /** When the call began that has not been answered; absent when the answer came with the change. */
  claimedAt?: Date;
  expireAt: Date;
};

const fields = {
  organizationId: mongoose.Schema.Types.ObjectId,
  mutationId: String,
  fingerprint: String,
  answer: mongoose.Schema.Types.Mixed,
  claimedAt: Date,
  expireAt: Date,
} satisfies Record<Exclude<keyof MutationRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw", minimize: false });
schema.index({ organizationId: 1, mutationId: 1 }, { unique: true });
schema.index({ expireAt: 1 }, { expireAfterSeconds: 0 });

export const MutationModel = mongoose.model<MutationRecord>(
  "Mutation",
  schema as unknown as mongoose.Schema<MutationRecord>,
  "mutations",
);
