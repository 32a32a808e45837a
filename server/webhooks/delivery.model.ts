import type { WebhookDelivery } from "@dmtracker/shared/contracts/webhooks.ts";
import mongoose, { type Types } from "mongoose";

export type DeliveryRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  webhookId: Types.ObjectId;
  /** Counts the tries of a webhook: the oldest are forgotten by it. */
  number: number;
  eventId: string;
  type: string;
  seq: number | null;
  at: Date;
  ok: boolean;
  status: number | null;
  problem: string | null;
  durationMs: number;
  answer: string;
};

const fields = {
  organizationId: mongoose.Schema.Types.ObjectId,
  webhookId: mongoose.Schema.Types.ObjectId,
  number: Number,
  eventId: String,
  type: String,
  seq: Number,
  at: Date,
  ok: Boolean,
  status: Number,
  problem: String,
  durationMs: Number,
  answer: String,
} satisfies Record<Exclude<keyof DeliveryRecord, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
schema.index({ webhookId: 1, number: -1 });

export const DeliveryModel = mongoose.model<DeliveryRecord>(
  "WebhookDelivery",
  schema as unknown as mongoose.Schema<DeliveryRecord>,
  "webhookdeliveries",
);

export function toDelivery({
  _id,
  eventId,
  type,
  seq,
  at,
  ok,
  status,
  problem,
  durationMs,
  answer,
}: DeliveryRecord): WebhookDelivery {
  return {
    id: _id.toHexString(),
    eventId,
    type,
    seq,
    at: at.toISOString(),
    ok,
    status,
    problem,
    durationMs,
    answer,
  };
}
