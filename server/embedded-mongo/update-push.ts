import { ensure } from "./errors.ts";
import { encodeKey, inverted } from "./key-encoding.ts";
import { parseSort, sortKey } from "./sort.ts";
import { type ChangePlace, arrayAt } from "./update-operators.ts";
import { type Value, copyValue, toNumber, typeName } from "./values.ts";

const MODIFIERS = new Set(["$each", "$slice", "$position", "$sort"]);

/** `$push` with its modifiers: take in, sort, then slice. */
export function compilePush(operand: Value, path: string): ChangePlace {
  if (!(operand instanceof Map) || !operand.has("$each"))
    return (place) => place.set([...(arrayAt(place, "$push", path) ?? []), copyValue(operand)]);
  for (const modifier of operand.keys())
    ensure(MODIFIERS.has(modifier), 2, `Unrecognized clause in $push: ${modifier}`);
  const each = operand.get("$each");
  ensure(Array.isArray(each), 2, `The argument to $each in $push must be an array, not ${typeName(each)}`);
  const position = wholeNumber(operand.get("$position"), "$position");
  const slice = wholeNumber(operand.get("$slice"), "$slice");
  const keyOf = keyFunction(operand.get("$sort"));
  return (place) => {
    const array = [...(arrayAt(place, "$push", path) ?? [])];
    // A negative position counts from the end, and one beyond an end means that end, as for `splice`.
    array.splice(position ?? array.length, 0, ...each.map(copyValue));
    const sorted = keyOf ? sortBy(array, keyOf) : array;
    if (slice === undefined) place.set(sorted);
    else place.set(slice >= 0 ? sorted.slice(0, slice) : sorted.slice(slice));
  };
}

function wholeNumber(value: Value | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  const number = toNumber(value);
  ensure(
    Number.isInteger(number),
    2,
    `The value for ${name} must be an integer value, not ${typeName(value)}`,
  );
  return number;
}

function keyFunction(order: Value | undefined): ((value: Value) => Buffer) | undefined {
  if (order === undefined) return undefined;
  if (!(order instanceof Map)) {
    const direction = toNumber(order);
    ensure(direction === 1 || direction === -1, 14, "The $sort element value must be either 1 or -1");
    return (value) => (direction === 1 ? encodeKey(value) : inverted(encodeKey(value)));
  }
  const sort = parseSort(order);
  ensure(sort, 2, "The $sort pattern is empty when it should be a set of fields.");
  return (value) => sortKey(value instanceof Map ? value : new Map<string, Value>(), sort);
}

function sortBy(array: Value[], keyOf: (value: Value) => Buffer): Value[] {
  const keyed = array.map((value) => ({ value, key: keyOf(value) }));
  return keyed.sort((a, b) => a.key.compare(b.key)).map(({ value }) => value);
}
