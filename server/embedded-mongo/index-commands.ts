import { encode } from "./bson-codec.ts";
import type { Collection, Index } from "./catalog.ts";
import { answerList, refuseInTransaction, requireCollection, whenUnwritten } from "./collection-commands.ts";
import { type Context, type Reply, collectionName, findCollection } from "./context.ts";
import { ensure } from "./errors.ts";
import { buildIndex } from "./index-build.ts";
import { checkedSpec } from "./index-spec.ts";
import { valuesEqual } from "./key-encoding.ts";
import { isNamedBy, sameKeyPattern } from "./planner.ts";
import { type Doc, type Value, toNumber } from "./values.ts";

const MAX_INDEXES = 64;
// Two indexes on the same key may stand side by side when they differ in one of these.
const IDENTITY = ["unique", "sparse", "partialFilterExpression"];

export function listIndexes(context: Context): Promise<Reply> {
  const collection = requireCollection(context);
  return answerList(
    context,
    collection.namespace,
    collection.indexes.map(({ spec }) => encode(spec)),
  );
}

export async function createIndexes(context: Context): Promise<Reply> {
  refuseInTransaction(context);
  const given = context.body.get("indexes");
  ensure(Array.isArray(given) && given.length > 0, 2, "Must specify at least one index to create");
  const specs = given.map(checkedSpec);
  const name = collectionName(context);
  let collection = findCollection(context, name);
  const createdCollectionAutomatically = !collection;
  collection ??= context.engine.store.createCollection(context.database, name);
  const numIndexesBefore = collection.indexes.length;
  for (const spec of specs) {
    if (isPresent(collection, spec)) continue;
    const { namespace } = collection;
    ensure(collection.indexes.length < MAX_INDEXES, 67, `add index fails, too many indexes for ${namespace}`);
    await whenUnwritten(context, collection);
    ensure(!collection.dropped, 26, `ns not found: ${namespace}`);
    if (!isPresent(collection, spec)) await buildIndex(context, collection, spec);
  }
  const numIndexesAfter = collection.indexes.length;
  const note = numIndexesAfter === numIndexesBefore ? { note: "all indexes already exist" } : {};
  return { numIndexesBefore, numIndexesAfter, createdCollectionAutomatically, ...note };
}

/** Whether the same index is there already; one that differs under the same name, or is the same under another, is refused. */
function isPresent(collection: Collection, spec: Doc): boolean {
  const name = spec.get("name") as string;
  const key = spec.get("key") as Doc;
  if (key.size === 1 && toNumber(key.get("_id")) === 1) return true;
  for (const index of collection.indexes) {
    const isSame =
      sameKeyPattern(index.spec.get("key") as Doc, key) && sameOptions(index.spec, spec, IDENTITY);
    if (index.name !== name) {
      ensure(!isSame, 85, `Index already exists with a different name: ${index.name}`);
      continue;
    }
    ensure(isSame, 86, `An existing index has the same name as the requested index: ${name}`);
    ensure(
      sameOptions(index.spec, spec, ["expireAfterSeconds"]),
      85,
      "An equivalent index already exists with the same name but different options.",
    );
    return true;
  }
  return false;
}

function sameOptions(a: Doc, b: Doc, options: string[]): boolean {
  return options.every((option) => valuesEqual(a.get(option), b.get(option)));
}

export async function dropIndexes(context: Context): Promise<Reply> {
  refuseInTransaction(context);
  const collection = requireCollection(context);
  await whenUnwritten(context, collection);
  const nIndexesWas = collection.indexes.length;
  for (const index of indexesToDrop(collection, context.body.get("index")))
    context.engine.store.dropIndex(collection, index);
  return { nIndexesWas };
}

function indexesToDrop({ indexes }: Collection, wanted: Value | undefined): Index[] {
  if (wanted === "*") return indexes.slice(1);
  return (Array.isArray(wanted) ? wanted : [wanted]).map((one) => {
    const index = one === undefined ? undefined : indexes.find((candidate) => isNamedBy(candidate, one));
    ensure(index, 27, `index not found with name [${typeof one === "string" ? one : "?"}]`);
    ensure(!index.isIdIndex, 72, "cannot drop _id index");
    return index;
  });
}
