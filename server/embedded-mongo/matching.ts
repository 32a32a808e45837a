import { decode, encodeStored } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
import { type Context, collectionForWrite } from "./context.ts";
import { letOthersRun } from "./cursors.ts";
import { type Version, versionOf } from "./engine.ts";
import { ensure } from "./errors.ts";
import { type Found, type Query, docOf, findDocuments } from "./query.ts";
import { isSliceOver } from "./scan.ts";
import { type Update, upsertBase } from "./update.ts";
import { type Doc, Oid, Regex, type Value, typeName } from "./values.ts";
import { whenUnblocked } from "./write-progress.ts";

/**
 * Calls `act` for the first or for every matching document. What is to be changed is found before anything
 * is: a change could move a document to where the scan still goes.
 */
export async function forEachMatch(
  context: Context,
  query: Query,
  multi: boolean,
  act: (found: Found) => void,
): Promise<void> {
  if (!multi) {
    while (await whenUnblocked(context, () => changeFirst(context, query, act)));
    return;
  }
  // Once each, even when others move a document to where the scan still goes.
  const rids = new Set<number>();
  for (const found of findDocuments(context, query)) {
    if (found) rids.add(found.rid);
    else await letOthersRun(context);
  }
  for (const rid of rids) {
    await whenUnblocked(context, () => {
      const found = stillMatching(context, query, { rid });
      if (found) act(found);
    });
    if (isSliceOver()) await letOthersRun(context);
  }
}

/** The document as it is now. */
function stillMatching({ engine, transaction }: Context, query: Query, { rid }: { rid: number }) {
  ensure(!query.collection.dropped, 175, "collection dropped");
  const bytes = engine.read(query.collection, rid, transaction);
  const doc = bytes && decode(bytes);
  return doc && query.filter.test(doc) ? { rid, bytes, doc } : undefined;
}

/** Returns whether to look again: while the search paused, someone has changed or taken what it found. */
async function changeFirst(context: Context, query: Query, act: (found: Found) => void): Promise<boolean> {
  let paused = false;
  for (const found of findDocuments(context, { ...query, limit: 1 })) {
    if (!found) {
      await letOthersRun(context);
      paused = true;
      continue;
    }
    const now = paused ? stillMatching(context, query, found) : found;
    if (now) act(now);
    return now === undefined;
  }
  return false;
}

/** Applies the change to one document and saves it if it became another. */
export function updateFound(
  { engine, transaction }: Context,
  collection: Collection,
  found: Found,
  update: Update,
  query: Doc,
): Version | undefined {
  const { rid, bytes: old } = found;
  const doc = update.apply(decode(old), query, false);
  const bytes = encodeStored(doc);
  if (bytes.equals(old)) return undefined;
  const after = { doc, bytes };
  const { touched } = update;
  engine.write(collection, { rid, before: { doc: docOf(found), bytes: old }, after, touched }, transaction);
  return after;
}

export function deleteFound({ engine, transaction }: Context, collection: Collection, found: Found): void {
  const before = { doc: docOf(found), bytes: found.bytes };
  engine.write(collection, { rid: found.rid, before }, transaction);
}

export function upsert(context: Context, query: Doc, update: Update): Version {
  const base = upsertBase(query);
  if (update.isReplacement) for (const key of base.keys()) if (key !== "_id") base.delete(key);
  const changed = update.apply(base, query, true);
  const after = versionOf(withIdFirst(changed, changed.get("_id")));
  context.engine.insert(collectionForWrite(context), after, context.transaction);
  return after;
}

/** A document as it is stored: `_id` first, made when missing. */
export function withIdFirst(doc: Doc, id: Value | undefined): Doc {
  if (id !== undefined) requireValidId(id);
  const result: Doc = new Map([["_id", id === undefined ? Oid.generate() : id]]);
  for (const [key, value] of doc) if (key !== "_id") result.set(key, value);
  return result;
}

export function requireValidId(id: Value): void {
  const isValid = !Array.isArray(id) && !(id instanceof Regex);
  ensure(isValid, 53, `The '_id' value cannot be of type ${typeName(id)}`);
  const isPlain = !(id instanceof Map) || ![...id.keys()].some((key) => key.startsWith("$"));
  ensure(isPlain, 52, "_id fields may not contain '$'-prefixed fields");
}
