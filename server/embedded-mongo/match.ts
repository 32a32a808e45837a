import { CommandError, badValue, failedToParse, typeMismatch } from "./errors.ts";
import { compareValues, keyText, typeByte, valuesEqual } from "./key-encoding.ts";
import { someAtPath, splitPath } from "./paths.ts";
import { toPattern } from "./regex.ts";
import {
  type Doc,
  MaxKey,
  MinKey,
  Regex,
  TYPE_NUMBERS,
  type Value,
  isTruthy,
  toNumber,
  typeName,
  typeNumber,
} from "./values.ts";

export type RangeOperator = "$gt" | "$gte" | "$lt" | "$lte";

/** What the planner can use of a filter: comparisons of one path with constants. */
export type Term =
  | { path: string; op: "$eq" | RangeOperator; value: Value }
  | { path: string; op: "$in"; values: Value[] }
  | { path: string; op: "$exists" }
  | { path: string; op: "$type"; types: ReadonlySet<number> };

/** One condition of a conjunction. `exact` terms say all that the condition says. */
type Condition = { test: (doc: Doc) => boolean; term?: Term; exact?: boolean; branches?: Filter[] };

/** A compiled filter: all conditions must hold. */
export type Filter = { test: (doc: Doc) => boolean; conditions: readonly Condition[] };

type LeafTest = (value: Value | undefined) => boolean;

/** Compiles `$expr`; given by the caller, because expressions are a matter of aggregation. */
export type CompileExpr = (expression: Value) => { test: (doc: Doc) => boolean; terms: Term[] };

// Of all names with a dollar only these are fields, those of a DBRef.
const DBREF_FIELDS = new Set(["$ref", "$id", "$db"]);

export function compileFilter(query: Doc, compileExpr?: CompileExpr): Filter {
  const conditions: Condition[] = [];
  for (const [key, value] of query) {
    if (key.startsWith("$") && !DBREF_FIELDS.has(key))
      conditions.push(...compileLogical(key, value, compileExpr));
    else conditions.push(...compileField(key, value));
  }
  return { test: conjunction(conditions), conditions };
}

function conjunction(conditions: readonly Condition[]): (doc: Doc) => boolean {
  const [first, second] = conditions;
  if (!first) return () => true;
  if (!second) return first.test;
  return (doc) => {
    for (const condition of conditions) if (!condition.test(doc)) return false;
    return true;
  };
}

function subFilters(operator: string, value: Value, compileExpr?: CompileExpr): Filter[] {
  if (!Array.isArray(value)) throw badValue(`${operator} must be an array`);
  if (value.length === 0) throw badValue("$and/$or/$nor must be a nonempty array");
  return value.map((part) => {
    if (!(part instanceof Map)) throw badValue("$or/$and/$nor entries need to be full objects");
    return compileFilter(part, compileExpr);
  });
}

function compileLogical(operator: string, value: Value, compileExpr?: CompileExpr): Condition[] {
  switch (operator) {
    case "$and":
      return subFilters(operator, value, compileExpr).flatMap((filter) => filter.conditions);
    case "$or": {
      const branches = subFilters(operator, value, compileExpr);
      return [{ test: (doc) => branches.some((branch) => branch.test(doc)), branches }];
    }
    case "$nor": {
      const branches = subFilters(operator, value, compileExpr);
      return [{ test: (doc) => !branches.some((branch) => branch.test(doc)) }];
    }
    case "$expr": {
      if (!compileExpr) throw badValue("$expr is not allowed in this context");
      const { test, terms } = compileExpr(value);
      return [{ test }, ...terms.map((term) => ({ test: () => true, term }))];
    }
    case "$comment":
      return [];
  }
  throw badValue(
    `unknown top level operator: ${operator}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
  );
}

function isOperatorDocument(value: Value): value is Doc {
  if (!(value instanceof Map)) return false;
  const first = value.keys().next().value;
  return first !== undefined && first.startsWith("$") && !DBREF_FIELDS.has(first);
}

function compileField(path: string, value: Value): Condition[] {
  const parts = splitPath(path);
  if (!isOperatorDocument(value)) {
    if (value instanceof Regex) return [atPath(parts, regexTest(value.pattern, value.options))];
    return [equality(path, parts, value)];
  }
  const conditions: Condition[] = [];
  for (const [operator, operand] of value) {
    if (operator === "$options") {
      if (!value.has("$regex")) throw badValue("$options needs a $regex");
      continue;
    }
    conditions.push(...compileOperator(path, parts, operator, operand, value));
  }
  return conditions;
}

function atPath(parts: readonly string[], test: LeafTest, expandLeaf = true): Condition {
  const only = parts.length === 1 ? parts[0]! : undefined;
  if (only === undefined) return { test: (doc) => someAtPath(doc, parts, expandLeaf, test) };
  return {
    test: (doc) => {
      const value = doc.get(only);
      if (expandLeaf && Array.isArray(value) && value.some(test)) return true;
      return test(value);
    },
  };
}

function not(condition: Condition): Condition {
  return { test: (doc) => !condition.test(doc) };
}

function equality(path: string, parts: readonly string[], value: Value): Condition {
  const condition = atPath(parts, equalTest(value));
  // Null also finds missing fields, and an array also finds itself as a whole: indexes know less than that.
  if (Array.isArray(value)) return condition;
  return { ...condition, term: { path, op: "$eq", value }, exact: value !== null };
}

function equalTest(value: Value): LeafTest {
  if (value === null) return (other) => other === null || other === undefined;
  if (typeof value === "string" || typeof value === "boolean") return (other) => other === value;
  return (other) => other !== undefined && valuesEqual(other, value);
}

function compileOperator(
  path: string,
  parts: readonly string[],
  operator: string,
  operand: Value,
  all: Doc,
): Condition[] {
  switch (operator) {
    case "$eq":
      return [equality(path, parts, operand)];
    case "$ne":
      if (operand instanceof Regex) throw badValue("Can't have regex as arg to $ne.");
      return [not(equality(path, parts, operand))];
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return [range(path, parts, operator, operand)];
    case "$in":
      return [inList(path, parts, operator, operand)];
    case "$nin":
      return [not(inList(path, parts, operator, operand))];
    case "$exists": {
      const condition = atPath(parts, (value) => value !== undefined, false);
      return [isTruthy(operand) ? { ...condition, term: { path, op: "$exists" } } : not(condition)];
    }
    case "$not": {
      if (operand instanceof Regex) return [not(atPath(parts, regexTest(operand.pattern, operand.options)))];
      if (!isOperatorDocument(operand)) throw badValue("$not needs a regex or a document");
      return [not({ test: conjunction(compileField(path, operand)) })];
    }
    case "$type": {
      const types = typeSet(operand);
      const condition = atPath(parts, (value) => value !== undefined && types.has(typeNumber(value)));
      return [{ ...condition, term: { path, op: "$type", types } }];
    }
    case "$regex":
      return [atPath(parts, compileRegex(operand, all.get("$options")))];
    case "$size": {
      const size = toNumber(operand);
      if (size === undefined)
        throw failedToParse(`Failed to parse $size. Expected a number in: $size: ${typeName(operand)}`);
      if (size < 0)
        throw badValue(`Failed to parse $size. Expected a non-negative number in: $size: ${size}`);
      return [atPath(parts, (value) => Array.isArray(value) && value.length === size, false)];
    }
    case "$mod":
      return [atPath(parts, modTest(operand))];
    case "$all":
      return compileAll(path, parts, operand);
    case "$elemMatch":
      return [elemMatch(parts, operand)];
  }
  throw badValue(`unknown operator: ${operator}`);
}

function range(path: string, parts: readonly string[], op: RangeOperator, value: Value): Condition {
  if (value instanceof Regex) throw badValue(`Can't have RegEx as arg to predicate over field '${path}'.`);
  return { ...atPath(parts, rangeTest(op, value)), term: { path, op, value }, exact: true };
}

function rangeTest(op: RangeOperator, bound: Value): LeafTest {
  const accepts = {
    $gt: (order: number) => order > 0,
    $gte: (order: number) => order >= 0,
    $lt: (order: number) => order < 0,
    $lte: (order: number) => order <= 0,
  }[op];
  if (bound instanceof MinKey || bound instanceof MaxKey) {
    return (value) => value !== undefined && accepts(compareValues(value, bound));
  }
  const type = typeByte(bound);
  const isNaNBound = Number.isNaN(toNumber(bound));
  const inclusive = op === "$gte" || op === "$lte";
  return (value) => {
    if (value === undefined) return bound === null && inclusive;
    if (typeof bound === "number" && typeof value === "number" && !isNaNBound) return accepts(value - bound);
    if (typeByte(value) !== type) return false;
    // NaN equals NaN and is neither below nor above anything.
    if (isNaNBound || Number.isNaN(toNumber(value)))
      return inclusive && isNaNBound && Number.isNaN(toNumber(value));
    return accepts(compareValues(value, bound));
  };
}

function inList(path: string, parts: readonly string[], operator: string, operand: Value): Condition {
  if (!Array.isArray(operand)) throw badValue(`${operator} needs an array`);
  const keys = new Set<string>();
  const regexes: LeafTest[] = [];
  let indexable = true;
  for (const value of operand) {
    if (isOperatorDocument(value)) throw badValue(`cannot nest $ under ${operator}`);
    if (value instanceof Regex) regexes.push(regexTest(value.pattern, value.options));
    else keys.add(keyText(value));
    if (Array.isArray(value) || value instanceof Regex) indexable = false;
  }
  const condition = atPath(parts, (value) => keys.has(keyText(value)) || regexes.some((test) => test(value)));
  if (!indexable) return condition;
  return { ...condition, term: { path, op: "$in", values: operand }, exact: !operand.includes(null) };
}

function typeSet(operand: Value): Set<number> {
  const types = new Set<number>();
  for (const name of Array.isArray(operand) ? operand : [operand]) {
    if (name === "number") [1, 16, 18, 19].forEach((type) => types.add(type));
    else if (typeof name === "string") {
      const type = TYPE_NUMBERS[name];
      if (type === undefined) throw badValue(`Unknown type name alias: ${name}`);
      types.add(type);
    } else {
      const type = toNumber(name);
      if (type === undefined) throw typeMismatch("type must be represented as a number or a string");
      if (!Object.values(TYPE_NUMBERS).includes(type)) throw badValue(`Invalid numerical type code: ${type}`);
      types.add(type);
    }
  }
  if (types.size === 0) throw failedToParse("$type must match at least one type");
  return types;
}

function compileRegex(operand: Value, options: Value | undefined): LeafTest {
  if (options !== undefined && typeof options !== "string") throw badValue("$options has to be a string");
  if (operand instanceof Regex) {
    if (options !== undefined && operand.options)
      throw new CommandError(51075, "options set in both $regex and $options");
    return regexTest(operand.pattern, options ?? operand.options);
  }
  if (typeof operand !== "string") throw badValue("$regex has to be a string");
  return regexTest(operand, options ?? "");
}

function regexTest(pattern: string, options: string): LeafTest {
  const compiled = toPattern(pattern, options);
  return (value) =>
    typeof value === "string"
      ? compiled.test(value)
      : value instanceof Regex && value.pattern === pattern && value.options === options;
}

function modTest(operand: Value): LeafTest {
  const [divisor, remainder] = Array.isArray(operand) ? operand.map(toNumber) : [];
  if (divisor === undefined || remainder === undefined)
    throw badValue("malformed mod, needs to be an array of two numbers");
  if (!Number.isFinite(divisor) || !Number.isFinite(remainder))
    throw badValue("malformed mod, NaN or infinity");
  if (Math.trunc(divisor) === 0) throw badValue("divisor cannot be 0");
  const [by, rest] = [BigInt(Math.trunc(divisor)), BigInt(Math.trunc(remainder))];
  return (value) => {
    if (typeof value === "bigint") return value % by === rest;
    const number = toNumber(value);
    return number !== undefined && Number.isFinite(number) && BigInt(Math.trunc(number)) % by === rest;
  };
}

function compileAll(path: string, parts: readonly string[], operand: Value): Condition[] {
  if (!Array.isArray(operand)) throw badValue("$all needs an array");
  if (operand.length === 0) return [{ test: () => false }];
  return operand.map((value) => {
    if (value instanceof Map && value.has("$elemMatch")) return elemMatch(parts, value.get("$elemMatch")!);
    if (isOperatorDocument(value)) throw badValue("no $ expressions in $all");
    if (value instanceof Regex) return atPath(parts, regexTest(value.pattern, value.options));
    return equality(path, parts, value);
  });
}

function elemMatch(parts: readonly string[], operand: Value): Condition {
  if (!(operand instanceof Map)) throw badValue("$elemMatch needs an Object");
  const test = compileElement(operand);
  return atPath(parts, (value) => Array.isArray(value) && value.some((element) => test(element)), false);
}

/** The condition of one array element: `{ $gt: 1 }` speaks of the element itself, `{ a: 1 }` of its fields. */
export function compileElement(query: Doc): (element: Value) => boolean {
  const first = query.keys().next().value!;
  if (isOperatorDocument(query) && !["$and", "$or", "$nor", "$expr"].includes(first)) {
    const filter = compileFilter(new Map([["", query]]));
    return (element) => {
      // Wrapped once more, so that an element which is an array is taken whole and not element by element.
      return filter.test(new Map([["", element]]));
    };
  }
  const filter = compileFilter(query);
  return (element) => {
    if (element instanceof Map) return filter.test(element);
    return Array.isArray(element) && filter.test(new Map(element.map((inner, i) => [String(i), inner])));
  };
}

/** The position of the array element that made the filter match, for the positional operator `$`. */
export function matchedPosition(query: Doc, doc: Doc, arrayPath: string): number | undefined {
  for (const [key, value] of query) {
    if (key === "$and" && Array.isArray(value)) {
      for (const part of value) {
        const position = part instanceof Map ? matchedPosition(part, doc, arrayPath) : undefined;
        if (position !== undefined) return position;
      }
    } else if (key === arrayPath || key.startsWith(`${arrayPath}.`)) {
      const position = positionIn(doc, arrayPath, key.slice(arrayPath.length + 1), value);
      if (position !== undefined) return position;
    }
  }
  return undefined;
}

function positionIn(doc: Doc, arrayPath: string, rest: string, condition: Value): number | undefined {
  let found: number | undefined;
  someAtPath(doc, splitPath(arrayPath), false, (value) => {
    if (!Array.isArray(value)) return false;
    const inner = condition instanceof Map ? condition.get("$elemMatch") : undefined;
    let test: (element: Value) => boolean;
    if (inner instanceof Map && rest === "") test = compileElement(inner);
    else if (rest === "") {
      const filter = compileFilter(new Map([["", condition]]));
      test = (element) => filter.test(new Map([["", element]]));
    } else {
      const filter = compileFilter(new Map([[rest, condition]]));
      test = (element) => element instanceof Map && filter.test(element);
    }
    const position = value.findIndex(test);
    if (position < 0) return false;
    found = position;
    return true;
  });
  return found;
}
