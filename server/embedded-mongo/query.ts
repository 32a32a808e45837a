import { decode, encode } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
import type { View } from "./engine.ts";
import type { Filter } from "./match.ts";
import { type Plan, planQuery } from "./planner.ts";
import { type Paced, scan } from "./scan.ts";
import { type Sort, sortKey, sorted } from "./sort.ts";
import type { Doc, Value } from "./values.ts";

/** A document found; decoded only when something needs its fields, and then only those that anybody looks at. */
export type Found = {
  rid: number;
  bytes: Uint8Array;
  doc?: Doc | undefined;
  fields?: ReadonlySet<string> | undefined;
};

export function docOf(found: Found): Doc {
  return (found.doc ??= decode(found.bytes, found.fields));
}

export type Query = {
  collection: Collection;
  filter: Filter;
  sort?: Sort;
  skip?: number;
  limit?: number;
  hint?: Value;
  /** All that is looked at of a document; without it everything is. */
  fields?: ReadonlySet<string> | undefined;
};

/** Finds, sorts and cuts. An index does as much of it as it can. */
export function* findDocuments(view: View, query: Query): Paced<Found> {
  const { filter, sort, skip = 0, limit = Infinity, fields } = query;
  const plan = planQuery(query.collection, filter, sort, query.hint);
  const needed = plan.sorted ? skip + limit : Infinity;
  const matching = matchingDocuments(view, { plan, filter, needed, fields });
  if (plan.sorted || !sort) {
    yield* cut(matching, skip, limit);
    return;
  }
  const keyOf = (found: Found) => {
    const key = sortKey(docOf(found), sort);
    // Only the bytes wait for their turn: decoded documents take several times the memory.
    found.doc = undefined;
    return key;
  };
  yield* cut(
    sorted(matching, skip + limit, keyOf, ({ bytes }) => bytes.length),
    skip,
    limit,
  );
}

/** A query with its plan; `needed` is how many documents are enough. */
type Search = { plan: Plan; filter: Filter; needed: number; fields?: Query["fields"] };

function* matchingDocuments(view: View, { plan, filter, needed, fields }: Search): Paced<Found> {
  const seen = plan.scans.length > 1 ? new Set<number>() : undefined;
  for (const target of plan.scans) {
    for (const entry of scan(view, target, plan.exact ? needed : Infinity)) {
      if (!entry) yield undefined;
      else {
        if (seen?.has(entry.rid)) continue;
        seen?.add(entry.rid);
        const found: Found = { rid: entry.rid, bytes: entry.bytes, fields };
        if (plan.exact || filter.test(docOf(found))) yield found;
      }
    }
  }
}

export function* cut<T>(source: Paced<T>, skip: number, limit: number): Paced<T> {
  if (limit <= 0) return;
  let skipped = 0;
  let delivered = 0;
  for (const item of source) {
    if (item === undefined) yield undefined;
    else if (skipped < skip) skipped++;
    else {
      yield item;
      if (++delivered >= limit) return;
    }
  }
}

/** The number of matching documents; an index that knows all the filter says is counted without reading documents. */
export function* countMatching(view: View, { collection, filter, hint, fields }: Query): Paced<number> {
  const plan = planQuery(collection, filter, undefined, hint);
  const [target, second] = plan.scans;
  if (!view.transaction && plan.exact && target && !second && !target.index?.multikey) {
    const { index, ranges } = target;
    const { store } = view.engine;
    if (index) yield ranges.reduce((sum, { low, high }) => sum + store.countEntries(index, low, high), 0);
    else yield store.countDocuments(collection);
    return;
  }
  let count = 0;
  for (const found of matchingDocuments(view, { plan, filter, needed: Infinity, fields })) {
    if (found) count++;
    else yield undefined;
  }
  yield count;
}

/** The documents as they go into a reply, projected when asked. */
export function* encoded(source: Paced<Found>, project: ((doc: Doc) => Doc) | undefined): Paced<Uint8Array> {
  for (const found of source) {
    if (!found) yield undefined;
    else yield project ? encode(project(docOf(found))) : found.bytes;
  }
}
