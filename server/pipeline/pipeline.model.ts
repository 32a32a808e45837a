import type { Pipeline, Rule, Stage, TimedRule, Totals } from "@dmtracker/shared/contracts/pipeline.ts";
import mongoose, { type Types } from "mongoose";

/**
 * Stages, rules, totals and the event counter of one pipeline in one document: a commit guards all of them with
 * one condition on `seq`, so a decision can never rest on stages or rules that have changed meanwhile.
 */
export type PipelineRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  name: string;
  stages: Stage[];
  formerStages?: Stage[];
  rules: Rule[];
  timedRules?: TimedRule[];
  totals: Totals;
  seq: number;
  /** Rises when a process takes hold of the pipeline; means nothing by itself. */
  claims?: number;
  createdAt: Date;
};

const { ObjectId, Mixed } = mongoose.Schema.Types;

const fields = {
  organizationId: ObjectId,
  name: String,
  stages: Mixed,
  formerStages: Mixed,
  rules: Mixed,
  timedRules: Mixed,
  totals: Mixed,
  seq: Number,
  claims: Number,
  createdAt: Date,
} satisfies Record<Exclude<keyof Required<PipelineRecord>, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw", minimize: false });
schema.index({ organizationId: 1, createdAt: 1 });

export const PipelineModel = mongoose.model<PipelineRecord>(
  "Pipeline",
  schema as unknown as mongoose.Schema<PipelineRecord>,
  "pipelines",
);

export function toPipeline(record: PipelineRecord): Pipeline {
  return {
    id: record._id.toHexString(),
    organizationId: record.organizationId.toHexString(),
    name: record.name,
    stages: record.stages,
    rules: record.rules,
    totals: record.totals,
    seq: record.seq,
    ...(record.formerStages ? { formerStages: record.formerStages } : {}),
    ...(record.timedRules ? { timedRules: record.timedRules } : {}),
  };
}
