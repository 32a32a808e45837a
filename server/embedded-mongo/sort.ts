import { ensure } from "./errors.ts";
import { EMPTY_ARRAY, encodeCompoundKey } from "./key-encoding.ts";
import { requireMemory } from "./memory.ts";
import { collectIndexValues, splitPath } from "./paths.ts";
import { type Paced, isSliceOver } from "./scan.ts";
import { type Doc, type Value, toNumber } from "./values.ts";

type SortField = { path: string; parts: readonly string[]; descending: boolean };
export type Sort = SortField[];

export function parseSort(spec: Value | undefined): Sort | undefined {
  if (spec === undefined || spec === null) return undefined;
  ensure(spec instanceof Map, 14, "Expected field sort to be of type object");
  if (spec.size === 0) return undefined;
  return [...spec].map(([path, direction]) => {
    ensure(!(direction instanceof Map), 2, "$meta sort is not supported");
    const number = toNumber(direction);
    ensure(
      number === 1 || number === -1,
      15975,
      "$sort key ordering must be 1 (ascending) or -1 (descending)",
    );
    ensure(path !== "", 40352, "FieldPath cannot be constructed with empty string");
    return { path, parts: splitPath(path), descending: number < 0 };
  });
}

/** The place of a document in a sort. Of an array the smallest element counts, or descending the greatest. */
export function sortKey(doc: Doc, sort: Sort): Buffer {
  return Buffer.concat(
    sort.map(({ parts, descending }) => {
      const values: (Value | undefined)[] = [];
      collectIndexValues(doc, parts, values, EMPTY_ARRAY);
      let first: Buffer | undefined;
      for (const value of values) {
        const key = encodeCompoundKey([value], [descending]);
        if (!first || key.compare(first) < 0) first = key;
      }
      return first!;
    }),
  );
}

type Keyed<T> = { key: Buffer; at: number; item: T };

const RUN_LENGTH = 4000;

/**
 * Sorts in memory, in short runs that are merged on the way out, so that others have their turn meanwhile. With
 * `limit` little more than that many documents are kept.
 */
export function* sorted<T>(
  source: Paced<T>,
  limit: number,
  keyOf: (item: T) => Buffer,
  sizeOf: (item: T) => number,
): Paced<T> {
  const enough = limit * 2 + 100;
  let runs: Keyed<T>[][] = [];
  let run: Keyed<T>[] = [];
  let kept = 0;
  let bytes = 0;
  for (const item of source) {
    if (item === undefined) {
      yield undefined;
      continue;
    }
    const key = keyOf(item);
    run.push({ key, at: kept++, item });
    requireMemory((bytes += key.length + sizeOf(item)), "$sort");
    if (run.length < Math.min(RUN_LENGTH, enough)) continue;
    runs.push(run.sort(compareKeyed));
    run = [];
    if (isSliceOver()) yield undefined;
    if (runs.reduce((sum, { length }) => sum + length, 0) < enough) continue;
    const best: Keyed<T>[] = [];
    bytes = 0;
    for (const entry of merged(runs)) {
      if (best.length >= limit) break;
      best.push(entry);
      bytes += entry.key.length + sizeOf(entry.item);
      if (isSliceOver()) yield undefined;
    }
    runs = [best];
  }
  runs.push(run.sort(compareKeyed));
  let count = 0;
  for (const { item } of merged(runs)) {
    if (count++ >= limit) return;
    yield item;
    if (isSliceOver()) yield undefined;
  }
}

/** Of equals the earlier one comes first. */
function compareKeyed(a: Keyed<unknown>, b: Keyed<unknown>): number {
  return a.key.compare(b.key) || a.at - b.at;
}

function* merged<T>(runs: Keyed<T>[][]): Generator<Keyed<T>, undefined> {
  if (runs.length < 2) {
    yield* runs[0] ?? [];
    return;
  }
  const half = runs.length >> 1;
  const [left, right] = [merged(runs.slice(0, half)), merged(runs.slice(half))];
  let [a, b] = [left.next().value, right.next().value];
  while (a ?? b) {
    if (a && (!b || compareKeyed(a, b) <= 0)) {
      yield a;
      a = left.next().value;
    } else {
      yield b!;
      b = right.next().value;
    }
  }
}
