import { decode } from "./bson-codec.ts";
import type { Collection, Index } from "./catalog.ts";
import type { Instance } from "./context.ts";
import { AFTER, encodeKey, inverted } from "./key-encoding.ts";
import { scan } from "./scan.ts";
import { BlockedByTransaction } from "./transaction.ts";

const MAX_REMOVED_PER_TURN = 500;
// The earliest date there is; the keys of dates begin here.
const FIRST_DATE = encodeKey(new Date(-8.64e15));

/** Removes the documents whose time is over, some at a time. A held one is left for the next round. */
export async function removeExpired(instance: Instance, now = Date.now()): Promise<void> {
  for (const collection of [...instance.engine.store.collections.values()]) {
    for (const index of collection.indexes) {
      if (index.expireAfterSeconds === undefined) continue;
      const limit = encodeKey(new Date(now - index.expireAfterSeconds * 1000));
      while (!collection.dropped && removeSome(instance, collection, index, limit)) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

/** Returns whether there may be more. */
function removeSome({ engine }: Instance, collection: Collection, index: Index, limit: Buffer): boolean {
  const range = index.descending[0]
    ? { low: inverted(limit), high: Buffer.concat([inverted(FIRST_DATE), AFTER]) }
    : { low: FIRST_DATE, high: Buffer.concat([limit, AFTER]) };
  const expired: { rid: number; bytes: Uint8Array }[] = [];
  const target = { collection, index, ranges: [range], backward: false };
  for (const entry of scan({ engine }, target, MAX_REMOVED_PER_TURN)) {
    if (entry) expired.push(entry);
    if (expired.length >= MAX_REMOVED_PER_TURN) break;
  }
  let removed = 0;
  for (const { rid, bytes } of expired) {
    try {
      engine.write(collection, { rid, before: { doc: decode(bytes), bytes } });
      removed++;
    } catch (error) {
      if (!(error instanceof BlockedByTransaction)) throw error;
    }
  }
  return removed === MAX_REMOVED_PER_TURN;
}
