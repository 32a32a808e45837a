import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
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

export async function insertPipeline(record: PipelineRecord, session?: ClientSession): Promise<void> {
  await PipelineModel.collection.insertOne(record, session ? { session } : {});
}

/** Pipelines in which a time-based rule is switched on, whoever's. */
export async function findPipelinesWithTimedRules(): Promise<Pipeline[]> {
  const records = await PipelineModel.find({ "timedRules.enabled": true }).lean<PipelineRecord[]>();
  return records.map(toPipeline);
}

/** Writes to a pipeline inside the running transaction, which then holds it. @throws when another one holds it */
export async function holdPipeline(
  pipelineId: string,
  session: ClientSession,
): Promise<Pipeline | undefined> {
  const record = await PipelineModel.findOneAndUpdate(
    { _id: pipelineId },
    { $inc: { claims: 1 } },
    { session, returnDocument: "after" },
  ).lean<PipelineRecord>();
  return record ? toPipeline(record) : undefined;
}

/**
 * Moves a pipeline from the state that a batch was decided on to the one it leads to.
 * @returns false when another process has committed meanwhile; the caller must abort
 */
export async function advancePipeline(
  before: Pipeline,
  { id: _id, organizationId: _organizationId, ...after }: Pipeline,
  session: ClientSession,
): Promise<boolean> {
  const result = await PipelineModel.collection.updateOne(
    { _id: new mongoose.Types.ObjectId(before.id), seq: before.seq },
    { $set: after },
    { session },
  );
  return result.matchedCount === 1;
}
