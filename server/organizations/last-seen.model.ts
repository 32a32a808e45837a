import mongoose, { type Types } from "mongoose";

/** When a member last did or watched something. */
export type LastSeenRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  userId: Types.ObjectId;
  at: Date;
};

const fields = {
  organizationId: mongoose.Schema.Types.ObjectId,
  userId: mongoose.Schema.Types.ObjectId,
  at: Date,
} satisfies Record<Exclude<keyof LastSeenRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
schema.index({ organizationId: 1, userId: 1 }, { unique: true });
schema.index({ userId: 1, at: -1 });

export const LastSeenModel = mongoose.model<LastSeenRecord>(
  "LastSeen",
  schema as unknown as mongoose.Schema<LastSeenRecord>,
  "last_seen",
);
