import { decode } from "./bson-codec.ts";
import type { Collection, Index } from "./catalog.ts";
import { type Context, type Reply, collectionName, findCollection } from "./context.ts";
import { letOthersRun } from "./cursors.ts";
import { CommandError } from "./errors.ts";
import { scan } from "./scan.ts";

const MAX_ERRORS = 20;

/** Reads every document and looks for each of its keys in each index, while others work on. */
export async function validate(context: Context): Promise<Reply> {
  const { store } = context.engine;
  const name = collectionName(context);
  const collection = findCollection(context, name);
  if (!collection) throw new CommandError(26, `ns does not exist: ${context.database}.${name}`);
  const indexes = [...collection.indexes];
  const { changes } = collection;
  const keys = new Map(indexes.map((index) => [index, 0]));
  const errors: string[] = [];
  let nrecords = 0;
  for (const entry of scan({ engine: context.engine }, { collection, ranges: [], backward: false })) {
    if (!entry) {
      await letOthersRun(context);
      continue;
    }
    nrecords++;
    checkDocument(context, collection, entry, keys, errors);
  }
  for (const [index, count] of keys) {
    // Counted only when nobody wrote meanwhile.
    if (index.dropped || collection.changes !== changes) continue;
    const found = store.countEntries(index, Buffer.alloc(0), Buffer.from([255]));
    if (found !== count) errors.push(`index ${index.name} has ${found} keys instead of ${count}`);
  }
  return {
    ns: collection.namespace,
    nrecords,
    nIndexes: indexes.length,
    keysPerIndex: Object.fromEntries([...keys].map(([index, count]) => [index.name, count])),
    valid: errors.length === 0,
    errors: errors.slice(0, MAX_ERRORS),
  };
}

function checkDocument(
  { engine }: Context,
  collection: Collection,
  { rid, bytes }: { rid: number; bytes: Uint8Array },
  keys: Map<Index, number>,
  errors: string[],
): void {
  try {
    const doc = decode(bytes);
    for (const [index, count] of keys) {
      if (index.dropped) continue;
      const expected = index.keysOf(doc);
      keys.set(index, count + expected.length);
      for (const key of expected) {
        const rids = engine.store.ridsOfKey(index, key);
        if (!rids.includes(rid)) errors.push(`record ${rid} is missing in index ${index.name}`);
        if (index.unique && rids.length > 1)
          errors.push(`index ${index.name} has a key of record ${rid} twice`);
      }
    }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    errors.push(`record ${rid}: ${error.message}`);
  }
}
