import { Decimal128, Double, Long, ObjectId } from "bson";

/**
 * What MongoDB's documentation says of filters and updates, written down as plainly as possible and without
 * any thought of speed, for comparison with the engine. A JS number that is whole is an int32, any other a double.
 */

export type Plain = { [field: string]: unknown };

const CLASSES = ["null", "number", "string", "object", "array", "objectId", "bool", "date"] as const;
type Class = (typeof CLASSES)[number];

export function isDoc(value: unknown): value is Plain {
  if (typeof value !== "object" || value === null) return false;
  return [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
}

function classOf(value: unknown): Class {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof Date) return "date";
  if (value instanceof ObjectId) return "objectId";
  if (isDoc(value)) return "object";
  if (typeof value === "string") return "string";
  return typeof value === "boolean" ? "bool" : "number";
}

/** Numbers of the tests have one decimal place at most, so that ten times as much is whole. */
function tenfold(value: unknown): bigint {
  if (value instanceof Decimal128 || value instanceof Long) {
    const [whole, part = "0"] = value.toString().split(".");
    return BigInt(whole!) * 10n + BigInt(part);
  }
  return BigInt(Math.round(Number(value instanceof Double ? value.value : value) * 10));
}

export function compare(a: unknown, b: unknown): number {
  const [left, right] = [classOf(a), classOf(b)];
  if (left !== right) return CLASSES.indexOf(left) - CLASSES.indexOf(right);
  switch (left) {
    case "null":
      return 0;
    case "number":
      return Number(tenfold(a) - tenfold(b));
    case "array":
      return compareLists(a as unknown[], b as unknown[], compare);
    case "object":
      return compareLists(Object.entries(a as Plain), Object.entries(b as Plain), compareFields);
    case "objectId":
      return (a as ObjectId).toHexString() < (b as ObjectId).toHexString()
        ? -1
        : Number(!(a as ObjectId).equals(b as ObjectId));
    case "date":
      return (a as Date).getTime() - (b as Date).getTime();
    default:
      return (a as string) < (b as string) ? -1 : Number(a !== b);
  }
}

function compareLists<T>(a: T[], b: T[], by: (a: T, b: T) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = by(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Fields compare by the type of the value, then by name, then by value. */
function compareFields([nameA, a]: [string, unknown], [nameB, b]: [string, unknown]): number {
  const types = CLASSES.indexOf(classOf(a)) - CLASSES.indexOf(classOf(b));
  return types || (nameA < nameB ? -1 : Number(nameA !== nameB)) || compare(a, b);
}

/** A value that a path means; of an array its elements are meant as well, unless its position was given. */
type Meant = { value: unknown; isElement: boolean };

/** The values that a path means; arrays on the way are entered. */
function meantBy(value: unknown, [part, ...rest]: string[], isElement = false): Meant[] {
  if (part === undefined) return [{ value, isElement }];
  if (isDoc(value)) return meantBy(value[part], rest);
  if (!Array.isArray(value)) return [{ value: undefined, isElement }];
  const found = value.filter(isDoc).flatMap((element) => meantBy(element, [part, ...rest]));
  if (!/^\d+$/.test(part) || Number(part) >= value.length) return found;
  const element: unknown = value[Number(part)];
  const enters = rest.length === 0 || isDoc(element) || Array.isArray(element);
  return enters ? [...found, ...meantBy(element, rest, true)] : found;
}

function withElements({ value, isElement }: Meant): unknown[] {
  return Array.isArray(value) && !isElement ? [value, ...(value as unknown[])] : [value];
}

type Test = (value: unknown) => boolean;

export function matches(doc: Plain, filter: Plain): boolean {
  return Object.entries(filter).every(([key, condition]) => {
    const parts = condition as Plain[];
    if (key === "$and") return parts.every((part) => matches(doc, part));
    if (key === "$or") return parts.some((part) => matches(doc, part));
    if (key === "$nor") return !parts.some((part) => matches(doc, part));
    return matchesField(doc, key, condition);
  });
}

function matchesField(doc: Plain, path: string, condition: unknown): boolean {
  const isOperators = isDoc(condition) && Object.keys(condition)[0]?.startsWith("$");
  const operators = isOperators ? condition : { $eq: condition };
  return Object.entries(operators).every(([operator, operand]) =>
    matchesOperator(doc, path, operator, operand),
  );
}

function matchesOperator(doc: Plain, path: string, operator: string, operand: unknown): boolean {
  const meant = meantBy(doc, path.split("."));
  const values = meant.map(({ value }) => value);
  const some = (test: Test) => meant.flatMap(withElements).some(test);
  const list = operand as unknown[];
  switch (operator) {
    case "$eq":
      return some((value) => compare(value, operand) === 0);
    case "$gt":
      return some(
        (value) => value !== undefined && classOf(value) === classOf(operand) && compare(value, operand) > 0,
      );
    case "$gte":
      return some((value) => classOf(value) === classOf(operand) && compare(value, operand) >= 0);
    case "$lt":
      return some(
        (value) => value !== undefined && classOf(value) === classOf(operand) && compare(value, operand) < 0,
      );
    case "$lte":
      return some((value) => classOf(value) === classOf(operand) && compare(value, operand) <= 0);
    case "$in":
      return some((value) => list.some((one) => compare(value, one) === 0));
    case "$ne":
      return !matchesOperator(doc, path, "$eq", operand);
    case "$nin":
      return !matchesOperator(doc, path, "$in", operand);
    case "$not":
      return !matchesField(doc, path, operand);
    case "$exists":
      return values.some((value) => value !== undefined) === operand;
    case "$type":
      return some((value) => value !== undefined && classOf(value) === operand);
    case "$size":
      return values.some((value) => Array.isArray(value) && value.length === operand);
    case "$all":
      return list.length > 0 && list.every((one) => matchesOperator(doc, path, "$eq", one));
    case "$mod": {
      const [divisor, remainder] = operand as [number, number];
      const truncated = (value: unknown) => tenfold(value) / 10n;
      return some(
        (value) => classOf(value) === "number" && truncated(value) % BigInt(divisor) === BigInt(remainder),
      );
    }
    case "$elemMatch": {
      const asField = Object.keys(operand as Plain)[0]?.startsWith("$");
      const test: Test = (element) =>
        asField
          ? matchesElement(element, operand as Plain)
          : (isDoc(element) || Array.isArray(element)) &&
            matches({ ...(element as Plain) }, operand as Plain);
      return values.some((value) => Array.isArray(value) && value.some(test));
    }
    case "$regex":
      return some((value) => typeof value === "string" && new RegExp(operand as string).test(value));
  }
  throw new Error(`no reference for ${operator}`);
}

function matchesElement(element: unknown, operators: Plain): boolean {
  return matches({ element }, { element: operators });
}

export class Refused extends Error {}

/** The reference does not calculate with decimals: they have examples of their own. */
export class NoReference extends Error {}

export function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  return isDoc(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]))
    : value;
}

type Place = { container: Plain | unknown[]; key: string };

/** The place that a path of an update means. Documents on the way are made when `creates` is set. */
function placeOf(doc: Plain, path: string, creates: boolean): Place | undefined {
  let container: unknown = doc;
  const parts = path.split(".");
  for (const [i, key] of parts.entries()) {
    if (Array.isArray(container) ? !/^\d+$/.test(key) : !isDoc(container)) {
      if (creates) throw new Refused(path);
      return undefined;
    }
    const here = container as Plain;
    if (i === parts.length - 1) return { container: here, key };
    if (here[key] === undefined) {
      if (!creates) return undefined;
      assign({ container: here, key }, {});
    }
    container = here[key];
  }
  return undefined;
}

function assign({ container, key }: Place, value: unknown): void {
  if (!Array.isArray(container)) container[key] = value;
  else {
    while (container.length < Number(key)) container.push(null);
    container[Number(key)] = value;
  }
}

function read({ container, key }: Place): unknown {
  return (container as Plain)[key];
}

/** Applies one operator to one path; throws `Refused` where MongoDB does. */
export function update(doc: Plain, operator: string, path: string, operand: unknown): void {
  if (operator === "$rename") return rename(doc, path, operand as string);
  const creates = !["$unset", "$pull", "$pullAll", "$pop"].includes(operator);
  const place = placeOf(doc, path, creates);
  if (!place) return;
  const current = read(place);
  switch (operator) {
    case "$set":
      return assign(place, copy(operand));
    case "$unset":
      if (!Array.isArray(place.container)) delete place.container[place.key];
      else if (current !== undefined) assign(place, null);
      return;
    case "$inc":
      return assign(place, calculate(operator, current === undefined ? 0 : current, operand));
    case "$mul":
      return assign(place, calculate(operator, current === undefined ? 0 : current, operand));
    case "$min":
      if (current === undefined || compare(operand, current) < 0) assign(place, copy(operand));
      return;
    case "$max":
      if (current === undefined || compare(operand, current) > 0) assign(place, copy(operand));
      return;
  }
  if (current === undefined && !creates) return;
  if (current !== undefined && !Array.isArray(current)) throw new Refused(`${path} is no array`);
  assign(place, changedArray(operator, [...((current as unknown[]) ?? [])], operand));
}

function calculate(operator: string, current: unknown, operand: unknown): unknown {
  if (classOf(current) !== "number") throw new Refused("no number");
  if (current instanceof Decimal128) throw new NoReference("decimals");
  const isDouble = [current, operand].some(
    (value) => value instanceof Double || (typeof value === "number" && !Number.isInteger(value)),
  );
  if (isDouble) {
    const [a, b] = [current, operand].map((value) => Number(value instanceof Double ? value.value : value));
    return new Double(operator === "$inc" ? a! + b! : a! * b!);
  }
  const [a, b] = [tenfold(current) / 10n, tenfold(operand) / 10n];
  const result = operator === "$inc" ? a + b : a * b;
  if (BigInt.asIntN(64, result) !== result) throw new Refused("overflow");
  const isLong =
    [current, operand].some((value) => value instanceof Long) || BigInt.asIntN(32, result) !== result;
  return isLong ? Long.fromBigInt(result) : Number(result);
}

function changedArray(operator: string, array: unknown[], operand: unknown): unknown[] {
  const modifiers = isDoc(operand) && "$each" in operand ? operand : { $each: [operand] };
  const each = modifiers["$each"] as unknown[];
  const has = (list: unknown[], value: unknown) => list.some((one) => compare(one, value) === 0);
  switch (operator) {
    case "$push":
      return pushed(array, each.map(copy), modifiers);
    case "$addToSet":
      for (const value of each) if (!has(array, value)) array.push(copy(value));
      return array;
    case "$pullAll":
      return array.filter((element) => !has(operand as unknown[], element));
    case "$pop":
      return operand === 1 ? array.slice(0, -1) : array.slice(1);
    case "$pull":
      return array.filter((element) => !isPulled(element, operand));
  }
  throw new Error(`no reference for ${operator}`);
}

/** A document is a condition on the fields of an element, or on the element itself when it has operators. */
function isPulled(element: unknown, operand: unknown): boolean {
  if (!isDoc(operand)) return compare(element, operand) === 0;
  if (Object.keys(operand)[0]?.startsWith("$")) return matchesElement(element, operand);
  return (isDoc(element) || Array.isArray(element)) && matches({ ...(element as Plain) }, operand);
}

function pushed(array: unknown[], each: unknown[], modifiers: Plain): unknown[] {
  const {
    $position: position = array.length,
    $slice: slice,
    $sort: direction,
  } = modifiers as Record<string, number>;
  array.splice(position, 0, ...each);
  if (direction !== undefined) array.sort((a, b) => compare(a, b) * direction);
  if (slice === undefined) return array;
  return slice >= 0 ? array.slice(0, slice) : array.slice(slice);
}

function rename(doc: Plain, from: string, to: string): void {
  for (const path of [from, to]) {
    const parts = path.split(".");
    for (let i = 1; i < parts.length; i++)
      if (
        valueOf(doc, parts.slice(0, i)) instanceof Array &&
        (path === to || valueOf(doc, parts) !== undefined)
      ) {
        if (path === from || valueOf(doc, from.split(".")) !== undefined)
          throw new Refused("an array on the way");
      }
  }
  const source = placeOf(doc, from, false);
  const value = source && read(source);
  if (value === undefined) return;
  const target = placeOf(doc, to, true)!;
  delete (source!.container as Plain)[source!.key];
  assign(target, value);
}

function valueOf(doc: unknown, parts: string[]): unknown {
  return parts.reduce<unknown>((value, part) => (value as Plain | undefined)?.[part], doc);
}
