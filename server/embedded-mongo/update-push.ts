import { badValue, typeMismatch } from "./errors.ts";
import { compareKeys, encodeKey, inverted } from "./key-encoding.ts";
import { describeValue } from "./duplicate-key.ts";
import { parseSort, sortKey } from "./sort.ts";
import type { Place } from "./update-paths.ts";
import { type Doc, type Value, copyValue, toNumber, typeName } from "./values.ts";

/** `$push` with its modifiers: take in, sort, then slice. */
export function pushInto(place: Place, operand: Value, path: string, doc: Doc): void {
  const current = place.get();
  if (current !== undefined && !Array.isArray(current)) {
    throw badValue(
      `The field '${path}' must be an array but is of type ${typeName(current)} in document {_id: ${describeValue(doc.get("_id"))}}`,
    );
  }
  const array = [...(current ?? [])];
  if (!(operand instanceof Map) || !operand.has("$each")) {
    array.push(copyValue(operand));
    place.set(array);
    return;
  }
  for (const modifier of operand.keys()) {
    if (!["$each", "$slice", "$position", "$sort"].includes(modifier))
      throw badValue(`Unrecognized clause in $push: ${modifier}`);
  }
  const each = operand.get("$each");
  if (!Array.isArray(each))
    throw badValue(`The argument to $each in $push must be an array but it was of type: ${typeName(each)}`);
  array.splice(insertAt(operand.get("$position"), array.length), 0, ...each.map(copyValue));
  const order = operand.get("$sort");
  if (order !== undefined) sortArray(array, order);
  place.set(sliced(array, operand.get("$slice")));
}

function insertAt(position: Value | undefined, length: number): number {
  if (position === undefined) return length;
  const at = toNumber(position);
  if (at === undefined || !Number.isInteger(at))
    throw badValue(`The value for $position must be an integer value, not of type: ${typeName(position)}`);
  return at < 0 ? Math.max(0, length + at) : Math.min(at, length);
}

function sliced(array: Value[], slice: Value | undefined): Value[] {
  if (slice === undefined) return array;
  const count = toNumber(slice);
  if (count === undefined || !Number.isInteger(count))
    throw badValue(`The value for $slice must be an integer value but was given type: ${typeName(slice)}`);
  if (count === 0) return [];
  return count > 0 ? array.slice(0, count) : array.slice(count);
}

function sortArray(array: Value[], order: Value): void {
  if (order instanceof Map) {
    const sort = parseSort(order);
    if (!sort) throw badValue("The $sort pattern is empty when it should be a set of fields.");
    const keyOf = (value: Value) => sortKey(value instanceof Map ? value : new Map<string, Value>(), sort);
    sortByKeys(array, keyOf);
    return;
  }
  const direction = toNumber(order);
  if (direction !== 1 && direction !== -1)
    throw typeMismatch("The $sort element value must be either 1 or -1");
  sortByKeys(array, (value) => (direction === 1 ? encodeKey(value) : inverted(encodeKey(value))));
}

function sortByKeys(array: Value[], keyOf: (value: Value) => Buffer): void {
  const keyed = array.map((value) => ({ value, key: keyOf(value) }));
  keyed.sort((a, b) => compareKeys(a.key, b.key));
  keyed.forEach(({ value }, i) => (array[i] = value));
}
