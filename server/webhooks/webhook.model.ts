import type { PipelineEventType } from "@dmtracker/shared/contracts/event.ts";
import type { Webhook } from "@dmtracker/shared/contracts/webhooks.ts";
import mongoose, { type Types } from "mongoose";

export type WebhookRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  pipelineId: Types.ObjectId;
  url: string;
  /** null: every type. */
  events: PipelineEventType[] | null;
  /** Null while active; else why it is paused. */
  pausedBecause: string | null;
  /** Everything up to here is done: delivered, or not subscribed to. */
  seq: number;
  /** The event behind `seq` that could not be delivered yet. */
  failing: { since: Date; attempts: number; reason: string } | null;
  /** Not before this moment; also what the look for due webhooks goes by. */
  nextAt: Date;
  /** Secrets are derived, not stored: a new generation is a new secret. */
  generation: number;
  rotatedAt: Date | null;
  /** Tries so far: numbers the deliveries that are remembered. */
  tries: number;
  createdAt: Date;
  createdBy: string;
};

const fields = {
  organizationId: mongoose.Schema.Types.ObjectId,
  pipelineId: mongoose.Schema.Types.ObjectId,
  url: String,
  events: mongoose.Schema.Types.Mixed,
  pausedBecause: String,
  seq: Number,
  failing: mongoose.Schema.Types.Mixed,
  nextAt: Date,
  generation: Number,
  rotatedAt: Date,
  tries: Number,
  createdAt: Date,
  createdBy: String,
} satisfies Record<Exclude<keyof WebhookRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
schema.index({ organizationId: 1 });
schema.index({ pausedBecause: 1, nextAt: 1 });

export const WebhookModel = mongoose.model<WebhookRecord>(
  "Webhook",
  schema as unknown as mongoose.Schema<WebhookRecord>,
  "webhooks",
);

/** @param head the last number of its pipeline's log */
export function toWebhook(record: WebhookRecord, head: number): Webhook {
  const { _id, pipelineId, url, events, pausedBecause, seq, failing, nextAt, createdAt, createdBy } = record;
  return {
    id: _id.toHexString(),
    pipelineId: pipelineId.toHexString(),
    url,
    events,
    state: pausedBecause === null ? "active" : "paused",
    pausedBecause,
    failing: failing && {
      since: failing.since.toISOString(),
      attempts: failing.attempts,
      nextAt: nextAt.toISOString(),
      reason: failing.reason,
    },
    seq,
    head,
    createdAt: createdAt.toISOString(),
    createdBy,
  };
}
