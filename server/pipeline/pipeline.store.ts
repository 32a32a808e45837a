import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { bucketsOf, type Bucket } from "@dmtracker/shared/pipeline/apply-event.ts";
import mongoose, { type ClientSession } from "mongoose";
import { PipelineModel, toPipeline, type PipelineRecord } from "./pipeline.model.ts";

/** A pipeline by id, inside the organization when one is given. */
export async function findPipeline(
  pipelineId: string,
  organizationId?: string,
  session?: ClientSession,
): Promise<Pipeline | undefined> {
  const filter = organizationId ? { _id: pipelineId, organizationId } : { _id: pipelineId };
  const record = await PipelineModel.findOne(filter)
    .session(session ?? null)
    .lean<PipelineRecord>();
  return record ? toPipeline(record) : undefined;
}

/** All pipelines of an organization, the oldest (its default) first. */
export async function findPipelines(organizationId: string): Promise<Pipeline[]> {
  const records = await PipelineModel.find({ organizationId })
    .sort({ createdAt: 1, _id: 1 })
    .lean<PipelineRecord[]>();
  return records.map(toPipeline);
}

/** Every pipeline there is, whoever's. */
export async function findAllPipelineIds(): Promise<string[]> {
  const records = await PipelineModel.find({}, { _id: 1 }).lean<Pick<PipelineRecord, "_id">[]>();
  return records.map(({ _id }) => _id.toHexString());
}

/** The committed head of each of these pipelines. */
export async function findHeads(pipelineIds: string[]): Promise<Map<string, number>> {
  const records = await PipelineModel.find({ _id: { $in: pipelineIds } }, { seq: 1 }).lean<
    Pick<PipelineRecord, "_id" | "seq">[]
  >();
  return new Map(records.map(({ _id, seq }) => [_id.toHexString(), seq]));
}

export async function insertPipeline(record: Omit<PipelineRecord, "_id">): Promise<Pipeline> {
  const _id = new mongoose.Types.ObjectId();
  await PipelineModel.collection.insertOne({ _id, ...record });
  return toPipeline({ _id, ...record });
}

/** How events move the totals, as one `$inc`: `totals.<stage>.<status>.count|value` -> difference. */
function totalsIncrements(events: readonly PipelineEvent[]): Record<string, number> {
  const increments: Record<string, number> = {};
  const add = ({ stageId, leadStatus, value }: Bucket, sign: 1 | -1): void => {
    const path = `totals.${stageId}.${leadStatus}`;
    increments[`${path}.count`] = (increments[`${path}.count`] ?? 0) + sign;
    increments[`${path}.value`] = (increments[`${path}.value`] ?? 0) + sign * (value ?? 0);
  };
  for (const event of events) {
    const buckets = bucketsOf(event);
    if (buckets?.from) add(buckets.from, -1);
    if (buckets) add(buckets.to, 1);
  }
  return increments;
}

/**
 * Moves the head of a pipeline from `before.seq` to the last of the events, with what they change.
 * @returns false when another process has committed meanwhile; the caller must abort
 */
export async function advancePipeline(
  before: Pipeline,
  events: readonly PipelineEvent[],
  session: ClientSession,
): Promise<boolean> {
  const set: Partial<PipelineRecord> = { seq: before.seq + events.length };
  for (const { after } of events) {
    if (after.stages) set.stages = after.stages;
    if (after.rules) set.rules = after.rules;
  }
  const increments = totalsIncrements(events);
  const result = await PipelineModel.collection.updateOne(
    { _id: new mongoose.Types.ObjectId(before.id), seq: before.seq },
    { $set: set, ...(Object.keys(increments).length > 0 ? { $inc: increments } : {}) },
    { session },
  );
  return result.matchedCount === 1;
}
