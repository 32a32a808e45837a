import mongoose from "mongoose";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
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

/** The pipeline that every new organization starts with: six default stages, no rules. */
export async function createDefaultPipeline(organizationId: string, now: Date): Promise<Pipeline> {
  return insertPipeline({
    organizationId: new mongoose.Types.ObjectId(organizationId),
    name: "Sales pipeline",
    stages: DEFAULT_STAGES.map(([name, colour]) => ({
      id: new mongoose.Types.ObjectId().toHexString(),
      name,
      colour,
    })),
    rules: [],
    totals: {},
    seq: 0,
    createdAt: now,
  });
}
