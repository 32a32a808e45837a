import { DELIVERIES_KEPT } from "@dmtracker/shared/contracts/limits.ts";
import type { WebhookDelivery } from "@dmtracker/shared/contracts/webhooks.ts";
import mongoose from "mongoose";
import { DeliveryModel, toDelivery, type DeliveryRecord } from "./delivery.model.ts";
import { WebhookModel, type WebhookRecord } from "./webhook.model.ts";

const idOf = (id: string) => new mongoose.Types.ObjectId(id);
/** Forgetting is cheap but not free: it happens every so many tries. */
const FORGET_EVERY = 20;

export async function insertWebhook(
  webhook: Omit<WebhookRecord, "_id" | "organizationId" | "pipelineId"> & {
    organizationId: string;
    pipelineId: string;
  },
): Promise<WebhookRecord> {
  const record: WebhookRecord = {
    ...webhook,
    _id: new mongoose.Types.ObjectId(),
    organizationId: idOf(webhook.organizationId),
    pipelineId: idOf(webhook.pipelineId),
  };
  await WebhookModel.collection.insertOne(record);
  return record;
}

export async function findWebhook(organizationId: string, id: string): Promise<WebhookRecord | undefined> {
  return (await WebhookModel.findOne({ _id: id, organizationId }).lean<WebhookRecord>()) ?? undefined;
}

/** The same without an organization, for who works for all of them. */
export async function reloadWebhook(id: string): Promise<WebhookRecord | undefined> {
  return (await WebhookModel.findById(id).lean<WebhookRecord>()) ?? undefined;
}

/** The oldest first. */
export async function findWebhooks(organizationId: string): Promise<WebhookRecord[]> {
  return WebhookModel.find({ organizationId }).sort({ _id: 1 }).lean<WebhookRecord[]>();
}

/** Active ones whose next try is due, whoever's. */
export async function findDueWebhooks(now: Date): Promise<WebhookRecord[]> {
  return WebhookModel.find({ pausedBecause: null, nextAt: { $lte: now } }).lean<WebhookRecord[]>();
}

/** What people change. @returns undefined when it is gone */
export async function updateWebhook(
  organizationId: string,
  id: string,
  change: Partial<Omit<WebhookRecord, "_id" | "organizationId">>,
): Promise<WebhookRecord | undefined> {
  const filter = { _id: idOf(id), organizationId: idOf(organizationId) };
  const record = await WebhookModel.collection.findOneAndUpdate(
    filter,
    { $set: change },
    { returnDocument: "after" },
  );
  return (record as WebhookRecord | null) ?? undefined;
}

/**
 * Moves a webhook on from the state that a delivery was made in.
 * @returns false when it was replayed, paused or moved on by another process meanwhile: read it anew
 */
export async function moveOn(
  before: WebhookRecord,
  change: Partial<Pick<WebhookRecord, "seq" | "failing" | "nextAt" | "pausedBecause">>,
): Promise<boolean> {
  const { _id, seq, generation, url } = before;
  const result = await WebhookModel.collection.updateOne(
    { _id, seq, generation, url, pausedBecause: null },
    { $set: change },
  );
  return result.matchedCount === 1;
}

export async function deleteWebhook(organizationId: string, id: string): Promise<boolean> {
  const { deletedCount } = await WebhookModel.deleteOne({ _id: id, organizationId });
  if (deletedCount === 1) await DeliveryModel.deleteMany({ webhookId: id });
  return deletedCount === 1;
}

export type Tried = Omit<DeliveryRecord, "_id" | "organizationId" | "webhookId" | "number">;

/** Remembers a try, and forgets the oldest ones. */
export async function insertDelivery(
  { _id: webhookId, organizationId }: Pick<WebhookRecord, "_id" | "organizationId">,
  tried: Tried,
): Promise<WebhookDelivery> {
  const counted = await WebhookModel.collection.findOneAndUpdate(
    { _id: webhookId },
    { $inc: { tries: 1 } },
    { returnDocument: "after" },
  );
  const number = (counted as WebhookRecord | null)?.tries;
  const record = {
    ...tried,
    _id: new mongoose.Types.ObjectId(),
    webhookId,
    organizationId,
    number: number ?? 0,
  };
  // Deleted while it was tried: nothing of it stays behind.
  if (number === undefined) return toDelivery(record);
  await DeliveryModel.collection.insertOne(record);
  if (number % FORGET_EVERY === 0) {
    await DeliveryModel.deleteMany({ webhookId, number: { $lte: number - DELIVERIES_KEPT } });
  }
  return toDelivery(record);
}

/** The newest first. */
export async function findDeliveries(webhookId: string): Promise<WebhookDelivery[]> {
  const records = await DeliveryModel.find({ webhookId })
    .sort({ number: -1 })
    .limit(DELIVERIES_KEPT)
    .lean<DeliveryRecord[]>();
  return records.map(toDelivery);
}

export async function findDelivery(webhookId: string, id: string): Promise<DeliveryRecord | undefined> {
  return (await DeliveryModel.findOne({ _id: id, webhookId }).lean<DeliveryRecord>()) ?? undefined;
}
