import { type Numeric, add, divide, multiply, subtract } from "./arithmetic.ts";
import { CommandError } from "./errors.ts";
import {
  compileArguments,
  compileExpression,
  compileNamed,
  type Expression,
  type Operator,
  withVariables,
} from "./expressions.ts";
import { compareValues, valuesEqual } from "./key-encoding.ts";
import { toPattern } from "./regex.ts";
import {
  Decimal,
  type Doc,
  Double,
  Oid,
  Regex,
  type Value,
  asDouble,
  fitsLong,
  isInt32,
  isNumeric,
  isTruthy,
  toNumber,
  typeName,
} from "./values.ts";

export function isNullish(value: Value | undefined): value is null | undefined {
  return value === undefined || value === null;
}

function comparison(accepts: (order: number) => boolean): Operator {
  return (argument, name) => {
    const [left, right] = compileArguments(argument, name, 2) as [Expression, Expression];
    return (scope) => accepts(compareForExpression(left(scope), right(scope)));
  };
}

/** In expressions a missing value is less than null. */
function compareForExpression(a: Value | undefined, b: Value | undefined): number {
  if (a === undefined || b === undefined)
    return a === b ? 0 : a === undefined ? (b === undefined ? 0 : -1) : 1;
  return compareValues(a, b);
}

function requireNumber(value: Value, name: string): Numeric {
  if (!isNumeric(value))
    throw new CommandError(14, `${name} only supports numeric types, not ${typeName(value)}`);
  return value;
}

/** An operator on numbers that gives null when an argument is missing. */
function numeric(count: number, run: (...numbers: Numeric[]) => Value | undefined): Operator {
  return (argument, name) => {
    const expressions = compileArguments(argument, name, count);
    return (scope) => {
      const values = expressions.map((expression) => expression(scope));
      if (values.some(isNullish)) return null;
      return run(...values.map((value) => requireNumber(value!, name)));
    };
  };
}

function rounded(round: (value: number) => number): Operator {
  return numeric(1, (value) => {
    if (typeof value === "bigint" || (typeof value === "number" && isInt32(value))) return value;
    if (value instanceof Decimal) return Decimal.parse(String(round(toNumber(value)!)));
    return asDouble(round(toNumber(value)!));
  });
}

/** `$round` and `$trunc` take the number of places, negative ones before the point; halves go to the even side. */
function toPlaces(round: (value: number) => number): Operator {
  return (argument, name) => {
    const [number, places] = compileArguments(argument, name, 1, 2);
    return (scope) => {
      const value = number!(scope);
      if (isNullish(value)) return null;
      const numericValue = requireNumber(value, name);
      const scale = 10 ** Math.abs(toNumber(places?.(scope)) ?? 0);
      const isDown = (toNumber(places?.(scope)) ?? 0) < 0;
      const plain = toNumber(numericValue)!;
      const result = isDown ? round(plain / scale) * scale : round(plain * scale) / scale;
      if (typeof numericValue === "bigint") return BigInt(result);
      if (numericValue instanceof Decimal) return Decimal.parse(String(result));
      return numericValue instanceof Double || !isInt32(numericValue) ? asDouble(result) : result;
    };
  };
}

function halfToEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

const addAll: Operator = (argument, name) => {
  const expressions = compileArguments(argument, name, 1, Infinity);
  return (scope) => {
    let sum: Numeric = 0;
    let date = false;
    for (const expression of expressions) {
      const value = expression(scope);
      if (isNullish(value)) return null;
      if (value instanceof Date && date)
        throw new CommandError(16612, "only one date allowed in an $add expression");
      if (value instanceof Date) date = true;
      const operand = value instanceof Date ? BigInt(value.getTime()) : value;
      sum = orOverflow(add(sum, requireNumber(operand, name)), name);
    }
    return date ? new Date(Math.round(toNumber(sum)!)) : sum;
  };
};

const subtractTwo: Operator = (argument, name) => {
  const [left, right] = compileArguments(argument, name, 2) as [Expression, Expression];
  return (scope) => {
    const a = left(scope);
    const b = right(scope);
    if (isNullish(a) || isNullish(b)) return null;
    if (a instanceof Date && b instanceof Date) return BigInt(a.getTime() - b.getTime());
    if (a instanceof Date) return new Date(a.getTime() - toNumber(requireNumber(b, name))!);
    return orOverflow(subtract(requireNumber(a, name), requireNumber(b, name)), name);
  };
};

const multiplyAll: Operator = (argument, name) => {
  const expressions = compileArguments(argument, name, 1, Infinity);
  return (scope) => {
    let product: Numeric = 1;
    for (const expression of expressions) {
      const value = expression(scope);
      if (isNullish(value)) return null;
      product = orOverflow(multiply(product, requireNumber(value, name)), name);
    }
    return product;
  };
};

function orOverflow(value: Numeric | undefined, name: string): Numeric {
  if (value === undefined) throw new CommandError(15, `long overflow in ${name}`);
  return value;
}

function remainder(a: Numeric, b: Numeric): Value {
  if (toNumber(b) === 0) throw new CommandError(16610, "can't $mod by zero");
  if (typeof a === "bigint" || typeof b === "bigint") {
    const [x, y] = [a, b].map((value) =>
      typeof value === "bigint" ? value : Number.isInteger(value) ? BigInt(value as number) : undefined,
    );
    if (x !== undefined && y !== undefined) return x % y;
  }
  const result = toNumber(a)! % toNumber(b)!;
  const areInts = typeof a === "number" && typeof b === "number" && isInt32(a) && isInt32(b);
  return areInts ? result : asDouble(result);
}

/** An operator on strings; null makes null, anything else is refused. */
function text(run: (value: string) => Value): Operator {
  return (argument, name) => {
    const [expression] = compileArguments(argument, name, 1) as [Expression];
    return (scope) => run(textOf(expression(scope), name) ?? "");
  };
}

function textOf(value: Value | undefined, name: string): string | undefined {
  if (isNullish(value)) return undefined;
  if (typeof value === "string") return value;
  if (isNumeric(value) || value instanceof Date) return convertToString(value);
  throw new CommandError(16007, `can't convert from BSON type ${typeName(value)} to String in ${name}`);
}

const concat: Operator = (argument, name) => {
  const expressions = compileArguments(argument, name, 0, Infinity);
  return (scope) => {
    let result = "";
    for (const expression of expressions) {
      const value = expression(scope);
      if (isNullish(value)) return null;
      if (typeof value !== "string")
        throw new CommandError(16702, `$concat only supports strings, not ${typeName(value)}`);
      result += value;
    }
    return result;
  };
};

const substrCP: Operator = (argument, name) => {
  const [source, from, length] = compileArguments(argument, name, 3) as [Expression, Expression, Expression];
  return (scope) => {
    const characters = [...(textOf(source(scope), name) ?? "")];
    const start = toNumber(from(scope));
    const count = toNumber(length(scope));
    if (start === undefined || count === undefined || start < 0)
      throw new CommandError(34450, `${name}: the second argument must be a non-negative number`);
    return characters.slice(start, count < 0 ? undefined : start + count).join("");
  };
};

const split: Operator = (argument, name) => {
  const [source, separator] = compileArguments(argument, name, 2) as [Expression, Expression];
  return (scope) => {
    const value = source(scope);
    const by = separator(scope);
    if (isNullish(value) || isNullish(by)) return null;
    if (typeof value !== "string" || typeof by !== "string" || by === "")
      throw new CommandError(
        40085,
        "$split requires an expression that evaluates to a string as its arguments",
      );
    return value.split(by);
  };
};

const trim: Operator = (argument, name) => {
  const { input, chars } = compileNamed(argument, name, ["input"], ["chars"]);
  return (scope) => {
    const value = input!(scope);
    if (isNullish(value)) return null;
    if (typeof value !== "string") throw new CommandError(50699, `${name} requires its input to be a string`);
    const set = chars?.(scope);
    const drops = (character: string | undefined) =>
      character !== undefined &&
      (typeof set === "string" ? set.includes(character) : /[\s\0]/.test(character));
    const characters = [...value];
    while (drops(characters[0])) characters.shift();
    while (drops(characters.at(-1))) characters.pop();
    return characters.join("");
  };
};

const regexMatch: Operator = (argument, name) => {
  const { input, regex, options } = compileNamed(argument, name, ["input", "regex"], ["options"]);
  return (scope) => {
    const value = input!(scope);
    const pattern = regex!(scope);
    if (isNullish(value) || isNullish(pattern)) return false;
    if (typeof value !== "string")
      throw new CommandError(51104, "$regexMatch needs 'input' to be of type string");
    const flags = options?.(scope);
    if (pattern instanceof Regex)
      return toPattern(pattern.pattern, typeof flags === "string" ? flags : pattern.options).test(value);
    if (typeof pattern !== "string")
      throw new CommandError(51105, "$regexMatch needs 'regex' to be of type string or regex");
    return toPattern(pattern, typeof flags === "string" ? flags : "").test(value);
  };
};

const cond: Operator = (argument, name) => {
  const parts = argument instanceof Map ? compileNamed(argument, name, ["if", "then", "else"]) : undefined;
  const [condition, then, otherwise] = parts
    ? [parts.if!, parts.then!, parts.else!]
    : (compileArguments(argument, name, 3) as [Expression, Expression, Expression]);
  return (scope) => (isTruthy(condition(scope)) ? then(scope) : otherwise(scope));
};

const switchOf: Operator = (argument, name) => {
  const branches = argument instanceof Map ? argument.get("branches") : undefined;
  if (!Array.isArray(branches) || branches.length === 0)
    throw new CommandError(40068, "$switch requires at least one branch");
  const cases = branches.map((branch) => compileNamed(branch, name, ["case", "then"]));
  const fallback = (argument as Doc).get("default");
  const otherwise = fallback === undefined ? undefined : compileExpression(fallback);
  return (scope) => {
    for (const { case: condition, then } of cases) if (isTruthy(condition!(scope))) return then!(scope);
    if (!otherwise)
      throw new CommandError(
        40066,
        "$switch could not find a matching branch for an input, and no default was specified.",
      );
    return otherwise(scope);
  };
};

const ifNull: Operator = (argument, name) => {
  const expressions = compileArguments(argument, name, 2, Infinity);
  return (scope) => {
    let value: Value | undefined;
    for (const expression of expressions) {
      value = expression(scope);
      if (!isNullish(value)) return value;
    }
    return value;
  };
};

const letOf: Operator = (argument, name) => {
  if (!(argument instanceof Map))
    throw new CommandError(16874, "$let only supports an object as its argument");
  const variables = argument.get("vars");
  const inner = argument.get("in");
  if (!(variables instanceof Map) || inner === undefined)
    throw new CommandError(16876, `Missing 'vars' or 'in' parameter to ${name}`);
  const compiled = [...variables].map(([key, value]) => [key, compileExpression(value)] as const);
  const body = compileExpression(inner);
  return (scope) =>
    body(
      withVariables(
        scope,
        compiled.map(([key, value]) => [key, value(scope)]),
      ),
    );
};

function convertToString(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (value instanceof Oid) return value.toHex();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Decimal) return value.toString();
  if (isNumeric(value)) return String(toNumber(value));
  throw conversionError(value, "string");
}

function conversionError(value: Value, to: string): CommandError {
  return new CommandError(
    241,
    `Unsupported conversion from ${typeName(value)} to ${to} in $convert with no onError value`,
  );
}

function convert(to: string, run: (value: Value) => Value): Operator {
  return (argument, name) => {
    const [expression] = compileArguments(argument, name, 1) as [Expression];
    return (scope) => {
      const value = expression(scope);
      return isNullish(value) ? null : run(value);
    };
  };
}

function parseNumber(value: Value, to: string): number {
  if (typeof value === "boolean") return Number(value);
  if (value instanceof Date && to !== "int") return value.getTime();
  if (typeof value === "string" && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return Number(value);
  const number = toNumber(value);
  if (number === undefined) throw conversionError(value, to);
  return number;
}

function toInt(value: Value): Value {
  const number = Math.trunc(parseNumber(value, "int"));
  if (!isInt32(number)) throw conversionError(value, "int");
  return number;
}

function toLong(value: Value): Value {
  if (typeof value === "bigint") return value;
  if (typeof value === "string" && /^[+-]?\d+$/.test(value)) return BigInt(value);
  const number = parseNumber(value, "long");
  if (!Number.isFinite(number) || !fitsLong(BigInt(Math.trunc(number)))) throw conversionError(value, "long");
  return BigInt(Math.trunc(number));
}

function toDate(value: Value): Value {
  if (value instanceof Date) return value;
  if (value instanceof Oid) return new Date(Buffer.from(value.bytes).readUInt32BE(0) * 1000);
  const time =
    typeof value === "string"
      ? Date.parse(value)
      : typeof value === "boolean" || (typeof value === "number" && isInt32(value))
        ? NaN
        : toNumber(value);
  if (time === undefined || Number.isNaN(time)) throw conversionError(value, "date");
  return new Date(time);
}

function toOid(value: Value): Value {
  if (value instanceof Oid) return value;
  if (typeof value === "string" && /^[0-9a-f]{24}$/i.test(value)) return new Oid(Buffer.from(value, "hex"));
  throw conversionError(value, "objectId");
}

function logical(accepts: (values: Expression[], scope: Parameters<Expression>[0]) => boolean): Operator {
  return (argument, name) => {
    const expressions = compileArguments(argument, name, 0, Infinity);
    return (scope) => accepts(expressions, scope);
  };
}

export const VALUE_OPERATORS: Record<string, Operator> = {
  $literal: (argument) => () => argument,
  $eq: (argument, name) => {
    const [left, right] = compileArguments(argument, name, 2) as [Expression, Expression];
    return (scope) => equalInExpression(left(scope), right(scope));
  },
  $ne: (argument, name) => {
    const [left, right] = compileArguments(argument, name, 2) as [Expression, Expression];
    return (scope) => !equalInExpression(left(scope), right(scope));
  },
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: (argument, name) => {
    const [left, right] = compileArguments(argument, name, 2) as [Expression, Expression];
    return (scope) => Math.sign(compareForExpression(left(scope), right(scope)));
  },
  $and: logical((values, scope) => values.every((value) => isTruthy(value(scope)))),
  $or: logical((values, scope) => values.some((value) => isTruthy(value(scope)))),
  $not: (argument, name) => {
    const [expression] = compileArguments(argument, name, 1) as [Expression];
    return (scope) => !isTruthy(expression(scope));
  },
  $cond: cond,
  $switch: switchOf,
  $ifNull: ifNull,
  $let: letOf,
  $add: addAll,
  $subtract: subtractTwo,
  $multiply: multiplyAll,
  $divide: numeric(2, (a, b) => {
    const result = divide(a, b);
    if (result === undefined) throw new CommandError(2, "can't $divide by zero");
    return result;
  }),
  $mod: numeric(2, remainder),
  $abs: numeric(1, (value) => (toNumber(value)! < 0 ? orOverflow(multiply(value, -1), "$abs") : value)),
  $floor: rounded(Math.floor),
  $ceil: rounded(Math.ceil),
  $round: toPlaces(halfToEven),
  $trunc: toPlaces(Math.trunc),
  $concat: concat,
  $toLower: text((value) => value.toLowerCase()),
  $toUpper: text((value) => value.toUpperCase()),
  $strLenCP: text((value) => [...value].length),
  $substrCP: substrCP,
  $split: split,
  $trim: trim,
  $regexMatch: regexMatch,
  $type: (argument, name) => {
    const [expression] = compileArguments(argument, name, 1) as [Expression];
    return (scope) => typeName(expression(scope));
  },
  $isNumber: (argument, name) => {
    const [expression] = compileArguments(argument, name, 1) as [Expression];
    return (scope) => isNumeric(expression(scope));
  },
  $toString: convert("string", convertToString),
  $toInt: convert("int", toInt),
  $toLong: convert("long", toLong),
  $toDouble: convert("double", (value) => asDouble(parseNumber(value, "double"))),
  $toBool: convert("bool", (value) => isTruthy(value)),
  $toDate: convert("date", toDate),
  $toObjectId: convert("objectId", toOid),
};

function equalInExpression(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return valuesEqual(a, b);
}
