import mongoose from "mongoose";
import type { PipelineRecord } from "./pipeline.model.ts";
import { insertPipeline } from "./pipeline.store.ts";

/** Neutral to warm as a conversation gets closer to a deal; Lost is muted, its badge says the rest. */
const DEFAULT_STAGES = [
  ["Outreach Sent", "#64748b"],
  ["In Conversation", "#0284c7"],
  ["Interested", "#7c3aed"],
  ["Meeting Booked", "#c2410c"],
  ["Closed", "#0f766e"],
  ["Lost", "#57534e"],
] as const;

/** A pipeline with the default stages and nothing in it. */
export function aDefaultPipeline(
  organizationId: string,
  { name, at }: { name: string; at: Date },
): PipelineRecord {
  return {
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    name,
    stages: DEFAULT_STAGES.map(([stage, colour]) => ({
      id: new mongoose.Types.ObjectId().toHexString(),
      name: stage,
      colour,
    })),
    rules: [],
    totals: {},
    seq: 0,
    createdAt: at,
  };
}

/** The pipeline that every new organization starts with: six default stages, no rules. */
export async function createDefaultPipeline(organizationId: string, now: Date): Promise<void> {
  await insertPipeline(aDefaultPipeline(organizationId, { name: "Sales pipeline", at: now }));
}
