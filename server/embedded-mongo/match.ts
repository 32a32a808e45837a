import { badValue, ensure } from "./errors.ts";
import { keyText } from "./key-encoding.ts";
import {
  type RangeOperator,
  type ValueTest,
  equalTest,
  modTest,
  patternTest,
  rangeTest,
  regexTest,
  sizeTest,
  typeSet,
} from "./match-values.ts";
import { someAtPath, splitPath } from "./paths.ts";
import { type Doc, Regex, type Value, isTruthy, typeNumber } from "./values.ts";

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

/** Compiles `$expr`; given by the caller, because expressions are a matter of aggregation. */
export type CompileExpr = (expression: Value) => { test: (doc: Doc) => boolean; terms: Term[] };

// Of all names with a dollar only these are fields, those of a DBRef.
const DBREF_FIELDS = new Set(["$ref", "$id", "$db"]);

export function compileFilter(query: Doc, compileExpr?: CompileExpr): Filter {
  const conditions = [...query].flatMap(([key, value]) =>
    key.startsWith("$") && !DBREF_FIELDS.has(key)
      ? compileLogical(key, value, compileExpr)
      : compileField({ path: key, parts: splitPath(key) }, value),
  );
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

function compileLogical(operator: string, value: Value, compileExpr?: CompileExpr): Condition[] {
  if (operator === "$comment") return [];
  if (operator === "$expr") {
    ensure(compileExpr, 2, "$expr is not allowed in this context");
    const { test, terms } = compileExpr(value);
    return [{ test }, ...terms.map((term) => ({ test: () => true, term }))];
  }
  ensure(["$and", "$or", "$nor"].includes(operator), 2, `unknown top level operator: ${operator}`);
  ensure(Array.isArray(value) && value.length > 0, 2, `${operator} must be a nonempty array`);
  const branches = value.map((part) => {
    ensure(part instanceof Map, 2, `${operator} entries need to be full objects`);
    return compileFilter(part, compileExpr);
  });
  if (operator === "$and") return branches.flatMap(({ conditions }) => conditions);
  const any = (doc: Doc) => branches.some((branch) => branch.test(doc));
  return operator === "$or" ? [{ test: any, branches }] : [not({ test: any })];
}

function isOperatorDocument(value: Value): value is Doc {
  if (!(value instanceof Map)) return false;
  const first = value.keys().next().value;
  return first !== undefined && first.startsWith("$") && !DBREF_FIELDS.has(first);
}

type Field = { path: string; parts: readonly string[] };

function compileField(field: Field, value: Value): Condition[] {
  if (value instanceof Regex) return [atPath(field, regexTest(value.pattern, value.options))];
  if (!isOperatorDocument(value)) return [equality(field, value)];
  return [...value].flatMap(([operator, operand]) => {
    const compile = OPERATORS.get(operator);
    ensure(compile, 2, `unknown operator: ${operator}`);
    return compile(field, operand, value);
  });
}

/** Of an array every element is offered to the test, and then the array itself. */
function atPath({ parts }: Field, test: ValueTest): Condition {
  const [only, second] = parts;
  if (second !== undefined) return { test: (doc) => someAtPath(doc, parts, true, test) };
  return {
    test: (doc) => {
      const value = doc.get(only!);
      return (Array.isArray(value) && value.some(test)) || test(value);
    },
  };
}

/** The test sees an array as a whole only. */
function atWhole({ parts }: Field, test: ValueTest): Condition {
  return { test: (doc) => someAtPath(doc, parts, false, test) };
}

function not(condition: Condition): Condition {
  return { test: (doc) => !condition.test(doc) };
}

function equality(field: Field, value: Value): Condition {
  const condition = atPath(field, equalTest(value));
  // Null also finds missing fields, and an array also finds itself as a whole: indexes know less than that.
  if (Array.isArray(value)) return condition;
  return { ...condition, term: { path: field.path, op: "$eq", value }, exact: value !== null };
}

const OPERATORS = new Map<string, (field: Field, operand: Value, all: Doc) => Condition | Condition[]>([
  ["$eq", equality],
  ["$ne", (field, operand) => not(equality(field, notRegex(operand, "$ne")))],
  ...(["$gt", "$gte", "$lt", "$lte"] as const).map(
    (op) => [op, (field: Field, operand: Value) => range(op, field, operand)] as const,
  ),
  ["$in", inList],
  ["$nin", (field, operand) => not(inList(field, operand))],
  ["$exists", exists],
  ["$not", negation],
  ["$type", ofType],
  ["$regex", (field, operand, all) => atPath(field, patternTest(operand, all.get("$options")))],
  ["$options", patternOptions],
  ["$size", (field, operand) => atWhole(field, sizeTest(operand))],
  ["$mod", (field, operand) => atPath(field, modTest(operand))],
  ["$all", containsAll],
  ["$elemMatch", elemMatch],
]);

function notRegex(operand: Value, operator: string): Value {
  ensure(!(operand instanceof Regex), 2, `Can't have regex as arg to ${operator}.`);
  return operand;
}

function range(op: RangeOperator, field: Field, operand: Value): Condition {
  const value = notRegex(operand, op);
  return { ...atPath(field, rangeTest(op, value)), term: { path: field.path, op, value }, exact: true };
}

function inList(field: Field, operand: Value): Condition {
  ensure(Array.isArray(operand), 2, "$in and $nin need an array");
  ensure(!operand.some(isOperatorDocument), 2, "cannot nest $ under $in or $nin");
  const patterns = operand.filter((value) => value instanceof Regex);
  const tests = patterns.map(({ pattern, options }) => regexTest(pattern, options));
  const keys = new Set(operand.filter((value) => !(value instanceof Regex)).map(keyText));
  const condition = atPath(field, (value) => keys.has(keyText(value)) || tests.some((test) => test(value)));
  if (tests.length > 0 || operand.some((value) => Array.isArray(value))) return condition;
  const term: Term = { path: field.path, op: "$in", values: operand };
  return { ...condition, term, exact: !operand.includes(null) };
}

function exists(field: Field, operand: Value): Condition {
  const condition = atWhole(field, (value) => value !== undefined);
  return isTruthy(operand) ? { ...condition, term: { path: field.path, op: "$exists" } } : not(condition);
}

function negation(field: Field, operand: Value): Condition {
  ensure(operand instanceof Regex || isOperatorDocument(operand), 2, "$not needs a regex or a document");
  return not({ test: conjunction(compileField(field, operand)) });
}

function ofType(field: Field, operand: Value): Condition {
  const types = typeSet(operand);
  const condition = atPath(field, (value) => value !== undefined && types.has(typeNumber(value)));
  return { ...condition, term: { path: field.path, op: "$type", types } };
}

/** Read together with its `$regex`. */
function patternOptions(_field: Field, _operand: Value, all: Doc): Condition[] {
  ensure(all.has("$regex"), 2, "$options needs a $regex");
  return [];
}

function containsAll(field: Field, operand: Value): Condition[] {
  ensure(Array.isArray(operand), 2, "$all needs an array");
  if (operand.length === 0) return [{ test: () => false }];
  return operand.flatMap((value) => {
    if (value instanceof Map && value.has("$elemMatch")) return [elemMatch(field, value.get("$elemMatch")!)];
    if (isOperatorDocument(value)) throw badValue("no $ expressions in $all");
    return compileField(field, value);
  });
}

function elemMatch(field: Field, operand: Value): Condition {
  ensure(operand instanceof Map, 2, "$elemMatch needs an Object");
  const test = compileElement(operand);
  return atWhole(field, (value) => Array.isArray(value) && value.some((element) => test(element)));
}

/** The condition of one array element: `{ $gt: 1 }` speaks of the element itself, `{ a: 1 }` of its fields. */
export function compileElement(query: Doc): (element: Value) => boolean {
  const first = query.keys().next().value!;
  if (isOperatorDocument(query) && !["$and", "$or", "$nor", "$expr"].includes(first))
    return wholeElement(query);
  const filter = compileFilter(query);
  return (element) => {
    if (element instanceof Map) return filter.test(element);
    return Array.isArray(element) && filter.test(new Map(element.map((inner, i) => [String(i), inner])));
  };
}

/** The condition is asked of a document that has nothing but the element. */
function wholeElement(condition: Value): (element: Value) => boolean {
  const filter = compileFilter(new Map([["", condition]]));
  return (element) => filter.test(new Map([["", element]]));
}

/** The position of the array element that made the filter match, for the positional operator `$`. */
export function matchedPosition(query: Doc, doc: Doc, arrayPath: string): number | undefined {
  for (const [key, value] of query) {
    const parts = key === "$and" && Array.isArray(value) ? value.filter((part) => part instanceof Map) : [];
    for (const part of parts) {
      const position = matchedPosition(part, doc, arrayPath);
      if (position !== undefined) return position;
    }
    if (key !== arrayPath && !key.startsWith(`${arrayPath}.`)) continue;
    const test = elementTest(key.slice(arrayPath.length + 1), value);
    let position = -1;
    someAtPath(doc, splitPath(arrayPath), false, (array) => {
      if (Array.isArray(array)) position = array.findIndex(test);
      return position >= 0;
    });
    if (position >= 0) return position;
  }
  return undefined;
}

function elementTest(rest: string, condition: Value): (element: Value) => boolean {
  if (rest !== "") {
    const filter = compileFilter(new Map([[rest, condition]]));
    return (element) => element instanceof Map && filter.test(element);
  }
  const inner = condition instanceof Map ? condition.get("$elemMatch") : undefined;
  return inner instanceof Map ? compileElement(inner) : wholeElement(condition);
}
