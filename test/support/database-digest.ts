import { createHash } from "node:crypto";
import mongoose from "mongoose";

/** Notes about who came when, and counters of tries: they may change with any call and are nobody's data. */
const PASSING = new Set(["leases", "last_seen"]);
const PASSING_FIELDS = new Set(["lastUsedAt", "lastSeenAt", "updatedAt", "expiresAt", "seenAt"]);

function withoutPassing(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (PASSING_FIELDS.has(key) ? undefined : inner)),
  );
}

/** What the whole database holds, one digest per collection. */
export async function databaseDigest(): Promise<Record<string, string>> {
  const { db } = mongoose.connection;
  if (!db) throw new Error("no database");
  const collections = await db.listCollections().toArray();
  const digests: Record<string, string> = {};
  for (const { name } of collections.toSorted((a, b) => a.name.localeCompare(b.name))) {
    if (PASSING.has(name)) continue;
    const records = await db.collection(name).find({}).sort({ _id: 1 }).toArray();
    const hash = createHash("sha256").update(JSON.stringify(withoutPassing(records)));
    digests[name] = `${records.length} ${hash.digest("hex").slice(0, 16)}`;
  }
  return digests;
}
