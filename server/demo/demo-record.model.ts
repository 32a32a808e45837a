import mongoose from "mongoose";

/** That a demo organization was begun, and whether it was finished: a half one is made anew. */
export type DemoRecord = { _id: string; finishedAt: Date | null };

const schema = new mongoose.Schema<DemoRecord>(
  { _id: String, finishedAt: Date },
  { versionKey: false, strict: "throw" },
);

export const DemoRecordModel = mongoose.model<DemoRecord>("DemoRecord", schema, "demo");
