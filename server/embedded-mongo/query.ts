import { decode, encode } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
import type { Engine } from "./engine.ts";
import type { Filter } from "./match.ts";
import { type Plan, planQuery } from "./planner.ts";
import { type Paced, scan } from "./scan.ts";
import { type Sort, sortKey, sorted } from "./sort.ts";
import type { Transaction } from "./transaction.ts";
import type { Doc, Value } from "./values.ts";

/** A document found; decoded only when something needed its fields. */
export type Found = { rid: number; bytes: Uint8Array; doc?: Doc };

export function docOf(found: Found): Doc {
  return (found.doc ??= decode(found.bytes));
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
export function* findDocuments(
  engine: Engine,
  query: Query,
  transaction: Transaction | undefined,
): Paced<Found> {
  const { collection, filter, sort, skip = 0, limit = Infinity, hint, fields } = query;
  const plan = planQuery(collection, filter, sort, hint);
  const needed = plan.sorted ? skip + limit : Infinity;
  const matching = matchingDocuments(engine, { plan, filter, needed, fields }, transaction);
  const ordered =
    plan.sorted || !sort
      ? matching
      : sorted(
          matching,
          skip + limit,
          (found) => sortKey(docOf(found), sort),
          (found) => found.bytes.length,
        );
  yield* cut(ordered, skip, limit);
}

/** A query with its plan; `needed` is how many documents are enough. */
type Search = { plan: Plan; filter: Filter; needed: number; fields?: Query["fields"] };

function* matchingDocuments(
  engine: Engine,
  { plan, filter, needed, fields }: Search,
  transaction: Transaction | undefined,
): Paced<Found> {
  const seen = plan.scans.length > 1 ? new Set<number>() : undefined;
  for (const target of plan.scans) {
    for (const entry of scan(engine, target, transaction, plan.exact ? needed : Infinity)) {
      if (!entry) yield undefined;
      else if (plan.exact && !fields) yield entry;
      else {
        if (seen) {
          if (seen.has(entry.rid)) continue;
          seen.add(entry.rid);
        }
        const doc = decode(entry.bytes, fields);
        if (plan.exact || filter.test(doc)) yield { rid: entry.rid, bytes: entry.bytes, doc };
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
export function* countMatching(
  engine: Engine,
  query: Query,
  transaction: Transaction | undefined,
): Paced<number> {
  const { collection, filter, hint } = query;
  const plan = planQuery(collection, filter, undefined, hint);
  const [target] = plan.scans;
  if (!transaction && plan.exact && plan.scans.length === 1 && target && !target.index?.multikey) {
    if (!target.index) yield engine.store.countDocuments(collection);
    else {
      let count = 0;
      for (const { low, high } of target.ranges)
        count += engine.store.countEntries(collection, target.index, low, high);
      yield count;
    }
    return;
  }
  let count = 0;
  for (const found of matchingDocuments(engine, { plan, filter, needed: Infinity }, transaction)) {
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
