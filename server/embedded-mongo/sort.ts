import { CommandError, badValue } from "./errors.ts";
import { EMPTY_ARRAY, encodeCompoundKey } from "./key-encoding.ts";
import { collectIndexValues, splitPath } from "./paths.ts";
import { type Paced, isSliceOver } from "./scan.ts";
import { type Doc, type Value, toNumber } from "./values.ts";

type SortField = { path: string; parts: readonly string[]; descending: boolean };
export type Sort = SortField[];

export function parseSort(spec: Value | undefined): Sort | undefined {
  if (spec === undefined || spec === null) return undefined;
  if (!(spec instanceof Map)) throw new CommandError(14, "Expected field sort to be of type object");
  if (spec.size === 0) return undefined;
  return [...spec].map(([path, direction]) => {
    if (direction instanceof Map) throw badValue("$meta sort is not supported");
    const number = toNumber(direction);
    if (number !== 1 && number !== -1)
      throw new CommandError(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)");
    if (path === "") throw new CommandError(40352, "FieldPath cannot be constructed with empty string");
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

const MAX_SORT_BYTES = 100 * 1024 * 1024;

/** Sorts in memory; with `limit` only that many documents are kept. */
export function* sorted<T>(
  source: Paced<T>,
  limit: number,
  keyOf: (item: T) => Buffer,
  sizeOf: (item: T) => number,
): Paced<T> {
  let kept: { key: Buffer; at: number; item: T }[] = [];
  let bytes = 0;
  let at = 0;
  const order = (a: { key: Buffer; at: number }, b: { key: Buffer; at: number }) =>
    a.key.compare(b.key) || a.at - b.at;
  for (const item of source) {
    if (item === undefined) {
      yield undefined;
      continue;
    }
    kept.push({ key: keyOf(item), at: at++, item });
    bytes += sizeOf(item);
    if (kept.length >= limit * 2 + 100) {
      kept = kept.sort(order).slice(0, limit);
      bytes = kept.reduce((sum, entry) => sum + sizeOf(entry.item), 0);
    }
    if (bytes > MAX_SORT_BYTES) {
      throw new CommandError(
        292,
        "Sort exceeded memory limit of 104857600 bytes, but did not opt in to external sorting.",
      );
    }
  }
  kept.sort(order);
  let count = 0;
  for (const { item } of kept) {
    if (count++ >= limit) return;
    yield item;
    if (count % 1000 === 0 && isSliceOver()) yield undefined;
  }
}
