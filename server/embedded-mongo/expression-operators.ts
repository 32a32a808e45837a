import { ACCUMULATORS } from "./accumulators.ts";
import { type Numeric, add, divide, multiply, subtract } from "./arithmetic.ts";
import { CommandError, ensure } from "./errors.ts";
import {
  type Expression,
  type Operator,
  type Scope,
  compileArguments,
  compileExpression,
  compileNamed,
} from "./expressions.ts";
import { compareValues, valuesEqual } from "./key-encoding.ts";
import {
  Decimal,
  type Doc,
  Oid,
  type Value,
  isNullish,
  isNumeric,
  isTruthy,
  toNumber,
  typeName,
} from "./values.ts";

type Maybe = Value | undefined;

/** An operator on its calculated arguments. */
function on(min: number, max: number, run: (values: Maybe[], name: string) => Maybe): Operator {
  return (argument, name) => {
    const expressions = compileArguments(argument, name, min, max);
    return (scope) =>
      run(
        expressions.map((expression) => expression(scope)),
        name,
      );
  };
}

/** The same; null as soon as one of them is null or missing. */
function onPresent(min: number, max: number, run: (values: Value[], name: string) => Maybe): Operator {
  return on(min, max, (values, name) => (values.some(isNullish) ? null : run(values as Value[], name)));
}

function comparison(accepts: (order: number) => boolean): Operator {
  return on(2, 2, ([a, b]) => accepts(compare(a, b)));
}

/** In expressions a missing value is less than all others, null too. */
function compare(a: Maybe, b: Maybe): number {
  if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined);
  return compareValues(a, b);
}

function isSame([a, b]: Maybe[]): boolean {
  return a === undefined || b === undefined ? a === b : valuesEqual(a, b);
}

function requireNumber(value: Value, name: string): Numeric {
  if (!isNumeric(value))
    throw new CommandError(14, `${name} only supports numeric types, not ${typeName(value)}`);
  return value;
}

function inRange(value: Numeric | undefined, name: string): Numeric {
  if (value === undefined) throw new CommandError(15, `long overflow in ${name}`);
  return value;
}

function addAll(values: Value[], name: string): Value {
  const dates = values.filter((value) => value instanceof Date).length;
  if (dates > 1) throw new CommandError(16612, "only one date allowed in an $add expression");
  let sum: Numeric = 0;
  for (const value of values) {
    const operand = value instanceof Date ? BigInt(value.getTime()) : requireNumber(value, name);
    sum = inRange(add(sum, operand), name);
  }
  return dates > 0 ? new Date(Math.round(toNumber(sum)!)) : sum;
}

function subtractTwo([a, b]: Value[], name: string): Value {
  if (a instanceof Date && b instanceof Date) return BigInt(a.getTime() - b.getTime());
  const by = requireNumber(b!, name);
  if (a instanceof Date) return new Date(a.getTime() - toNumber(by)!);
  return inRange(subtract(requireNumber(a!, name), by), name);
}

function multiplyAll(values: Value[], name: string): Value {
  let product: Numeric = 1;
  for (const value of values) product = inRange(multiply(product, requireNumber(value, name)), name);
  return product;
}

function divideTwo([a, b]: Value[], name: string): Value {
  const result = divide(requireNumber(a!, name), requireNumber(b!, name));
  if (result === undefined) throw new CommandError(2, "can't $divide by zero");
  return result;
}

function concat(values: Value[]): Value {
  let text = "";
  for (const value of values) {
    if (typeof value !== "string")
      throw new CommandError(16702, `$concat only supports strings, not ${typeName(value)}`);
    text += value;
  }
  return text;
}

function inCase(change: (text: string) => string): Operator {
  return on(1, 1, ([value], name) => {
    if (isNullish(value)) return "";
    if (typeof value === "string") return change(value);
    throw new CommandError(16007, `can't convert from BSON type ${typeName(value)} to String in ${name}`);
  });
}

const cond: Operator = (argument, name) => {
  const { if: condition, then, else: otherwise } = conditional(argument, name);
  return (scope) => (isTruthy(condition(scope)) ? then(scope) : otherwise(scope));
};

function conditional(argument: Value, name: string): Record<"if" | "then" | "else", Expression> {
  if (argument instanceof Map) return compileNamed(argument, name, ["if", "then", "else"]);
  const [condition, then, otherwise] = compileArguments(argument, name, 3);
  return { if: condition!, then: then!, else: otherwise! };
}

const switchOf: Operator = (argument, name) => {
  const branches = argument instanceof Map ? argument.get("branches") : undefined;
  ensure(Array.isArray(branches) && branches.length > 0, 40068, "$switch requires at least one branch");
  const cases = branches.map((branch) => compileNamed(branch, name, ["case", "then"]));
  const fallback = (argument as Doc).get("default");
  const otherwise = fallback === undefined ? undefined : compileExpression(fallback);
  return (scope) => {
    const found = cases.find((branch) => isTruthy(branch.case(scope)));
    const then = found?.then ?? otherwise;
    if (!then)
      throw new CommandError(40066, "$switch found no matching branch, and no default was specified.");
    return then(scope);
  };
};

const ifNull: Operator = (argument, name) => {
  const expressions = compileArguments(argument, name, 2, Infinity);
  return (scope) => {
    let value: Maybe;
    for (const expression of expressions) if (!isNullish((value = expression(scope)))) return value;
    return value;
  };
};

function inArray([value, list]: Maybe[]): boolean {
  if (!Array.isArray(list))
    throw new CommandError(40081, `$in requires an array as a second argument, found: ${typeName(list)}`);
  return list.some((element) => valuesEqual(element, value));
}

function arrayOf(value: Maybe, name: string, code = 28689): Value[] {
  if (!Array.isArray(value))
    throw new CommandError(code, `${name} requires an array, found ${typeName(value)}`);
  return value;
}

function elementAt([list, position]: Value[], name: string): Maybe {
  const index = toNumber(position);
  if (index === undefined || !Number.isInteger(index))
    throw new CommandError(
      28690,
      `${name}'s second argument must be a whole number, not ${typeName(position)}`,
    );
  return arrayOf(list, name).at(index);
}

/** `$map` and `$filter`: each element in turn is in a variable while the inner expression runs. */
function loop(inner: "in" | "cond", finish: (results: Maybe[], elements: Value[]) => Value): Operator {
  return (argument, name) => {
    const { as = "this", ...parts } = Object.fromEntries(argument instanceof Map ? argument : []);
    ensure(typeof as === "string", 16866, `${name}: 'as' must be a string`);
    const { input, [inner]: body } = compileNamed(new Map(Object.entries(parts)), name, ["input", inner]);
    return (scope) => {
      const list = input(scope);
      if (isNullish(list)) return null;
      const elements = arrayOf(list, name, inner === "in" ? 16883 : 28651);
      return finish(
        elements.map((element) => body(withVariable(scope, as, element))),
        elements,
      );
    };
  };
}

function withVariable({ root, variables }: Scope, name: string, value: Value): Scope {
  return { root, variables: new Map([...variables, [name, value]]) };
}

/** An accumulator of `$group` as an expression: over one array, or over the arguments. */
function over(accumulator: string): Operator {
  return on(1, Infinity, (values) => {
    const { take, result } = ACCUMULATORS.get(accumulator)!();
    for (const value of values.length === 1 && Array.isArray(values[0]) ? values[0] : values) take(value);
    return result();
  });
}

function convertToString([value]: Value[]): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (value instanceof Oid) return value.toHex();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Decimal) return value.toString();
  if (isNumeric(value)) return String(toNumber(value));
  throw conversionError(value!, "string");
}

function convertToOid([value]: Value[]): Oid {
  if (value instanceof Oid) return value;
  if (typeof value === "string" && /^[0-9a-f]{24}$/i.test(value)) return new Oid(Buffer.from(value, "hex"));
  throw conversionError(value!, "objectId");
}

function conversionError(value: Value, to: string): CommandError {
  return new CommandError(
    241,
    `Unsupported conversion from ${typeName(value)} to ${to} in $convert with no onError value`,
  );
}

function logical(accepts: (values: Expression[], scope: Scope) => boolean): Operator {
  return (argument, name) => {
    const expressions = compileArguments(argument, name, 0, Infinity);
    return (scope) => accepts(expressions, scope);
  };
}

/** Everything that an expression can say; what is not here is refused (168). */
export const OPERATORS = new Map<string, Operator>([
  ["$literal", (argument) => () => argument],
  ["$eq", on(2, 2, isSame)],
  ["$ne", on(2, 2, (values) => !isSame(values))],
  ["$gt", comparison((order) => order > 0)],
  ["$gte", comparison((order) => order >= 0)],
  ["$lt", comparison((order) => order < 0)],
  ["$lte", comparison((order) => order <= 0)],
  ["$cmp", on(2, 2, ([a, b]) => Math.sign(compare(a, b)))],
  ["$and", logical((values, scope) => values.every((value) => isTruthy(value(scope))))],
  ["$or", logical((values, scope) => values.some((value) => isTruthy(value(scope))))],
  ["$not", on(1, 1, ([value]) => !isTruthy(value))],
  ["$cond", cond],
  ["$switch", switchOf],
  ["$ifNull", ifNull],
  ["$add", onPresent(1, Infinity, addAll)],
  ["$subtract", onPresent(2, 2, subtractTwo)],
  ["$multiply", onPresent(1, Infinity, multiplyAll)],
  ["$divide", onPresent(2, 2, divideTwo)],
  ["$concat", onPresent(0, Infinity, concat)],
  ["$toLower", inCase((text) => text.toLowerCase())],
  ["$toUpper", inCase((text) => text.toUpperCase())],
  ["$type", on(1, 1, ([value]) => typeName(value))],
  ["$toString", onPresent(1, 1, convertToString)],
  ["$toObjectId", onPresent(1, 1, convertToOid)],
  ["$size", on(1, 1, ([value], name) => arrayOf(value, name, 17124).length)],
  ["$in", on(2, 2, inArray)],
  ["$isArray", on(1, 1, ([value]) => Array.isArray(value))],
  ["$arrayElemAt", onPresent(2, 2, elementAt)],
  ["$first", onPresent(1, 1, ([list], name) => arrayOf(list, name)[0])],
  ["$last", onPresent(1, 1, ([list], name) => arrayOf(list, name).at(-1))],
  [
    "$concatArrays",
    onPresent(0, Infinity, (lists, name) => lists.flatMap((list) => arrayOf(list, name, 28664))),
  ],
  ["$map", loop("in", (results) => results.map((result) => result ?? null))],
  ["$filter", loop("cond", (results, elements) => elements.filter((_element, i) => isTruthy(results[i])))],
  ["$mergeObjects", over("$mergeObjects")],
  ["$sum", over("$sum")],
  ["$avg", over("$avg")],
  ["$min", over("$min")],
  ["$max", over("$max")],
]);
