import { LRUCache } from "lru-cache";
import mongoose from "mongoose";
import { LastSeenModel, type LastSeenRecord } from "./last-seen.model.ts";

/** It is for people to read: a write a minute tells them enough. */
export const LAST_SEEN_STEP_MS = 60_000;
const written = new LRUCache<string, true>({ max: 50_000, ttl: LAST_SEEN_STEP_MS });

const keyOf = (organizationId: string, userId: string) => ({
  organizationId: new mongoose.Types.ObjectId(organizationId),
  userId: new mongoose.Types.ObjectId(userId),
});

export async function noteSeen(organizationId: string, userId: string, now: Date): Promise<void> {
  const key = `${organizationId} ${userId}`;
  if (written.has(key)) return;
  written.set(key, true);
  await LastSeenModel.collection.updateOne(
    keyOf(organizationId, userId),
    { $set: { at: now } },
    { upsert: true },
  );
}

export async function findLastSeen(organizationId: string): Promise<Map<string, Date>> {
  const records = await LastSeenModel.find({ organizationId }).lean<LastSeenRecord[]>();
  return new Map(records.map(({ userId, at }) => [userId.toHexString(), at]));
}

/** Where this person was last, of all organizations that they have ever been in. */
export async function findLastPlaces(userId: string): Promise<string[]> {
  const records = await LastSeenModel.find({ userId }).sort({ at: -1 }).limit(20).lean<LastSeenRecord[]>();
  return records.map(({ organizationId }) => organizationId.toHexString());
}

export async function forgetSeen(organizationId: string, userId: string): Promise<void> {
  written.delete(`${organizationId} ${userId}`);
  await LastSeenModel.collection.deleteOne(keyOf(organizationId, userId));
}
