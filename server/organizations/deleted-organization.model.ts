import mongoose, { type Types } from "mongoose";

/** An organization that is being deleted, with what its records may be known by; gone when nothing of it is left. */
export type DeletedOrganizationRecord = {
  _id: Types.ObjectId;
  pipelineIds: Types.ObjectId[];
  /** When whatever was still on its way into the database has arrived, and is deleted too. */
  sweepAt: Date;
};

const fields = {
  pipelineIds: [mongoose.Schema.Types.ObjectId],
  sweepAt: Date,
} satisfies Record<Exclude<keyof DeletedOrganizationRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
schema.index({ sweepAt: 1 });

export const DeletedOrganizationModel = mongoose.model<DeletedOrganizationRecord>(
  "DeletedOrganization",
  schema as unknown as mongoose.Schema<DeletedOrganizationRecord>,
  "deleted_organizations",
);
