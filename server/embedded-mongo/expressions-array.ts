import { type Numeric, add } from "./arithmetic.ts";
import { CommandError } from "./errors.ts";
import {
  compileArguments,
  compileExpression,
  compileNamed,
  type Expression,
  type Operator,
  withVariables,
} from "./expressions.ts";
import { isNullish } from "./expressions-value.ts";
import { compareValues, keyText, valuesEqual } from "./key-encoding.ts";
import { type Doc, type Value, asDouble, isNumeric, isTruthy, toNumber, typeName } from "./values.ts";

function requireArray(value: Value, name: string, code = 28689): Value[] {
  if (!Array.isArray(value))
    throw new CommandError(code, `${name} requires an array, found ${typeName(value)}`);
  return value;
}

/** An operator on one array that gives null when there is none. */
function onArray(run: (array: Value[]) => Value | undefined, code?: number): Operator {
  return (argument, name) => {
    const [expression] = compileArguments(argument, name, 1) as [Expression];
    return (scope) => {
      const value = expression(scope);
      return isNullish(value) ? null : run(requireArray(value, name, code));
    };
  };
}

const size: Operator = (argument, name) => {
  const [expression] = compileArguments(argument, name, 1) as [Expression];
  return (scope) => {
    const value = expression(scope);
    if (!Array.isArray(value))
      throw new CommandError(
        17124,
        `The argument to $size must be an array, but was of type: ${typeName(value)}`,
      );
    return value.length;
  };
};

const inArray: Operator = (argument, name) => {
  const [wanted, list] = compileArguments(argument, name, 2) as [Expression, Expression];
  return (scope) => {
    const array = list(scope);
    if (!Array.isArray(array))
      throw new CommandError(40081, `$in requires an array as a second argument, found: ${typeName(array)}`);
    const value = wanted(scope);
    return array.some((element) => valuesEqual(element, value));
  };
};

const arrayElemAt: Operator = (argument, name) => {
  const [list, position] = compileArguments(argument, name, 2) as [Expression, Expression];
  return (scope) => {
    const array = list(scope);
    const at = position(scope);
    if (isNullish(array) || isNullish(at)) return null;
    const index = toNumber(at);
    if (index === undefined || !Number.isInteger(index))
      throw new CommandError(
        28690,
        `$arrayElemAt's second argument must be a numeric value representable as a 32-bit integer, but is ${typeName(at)}`,
      );
    return requireArray(array, name).at(index);
  };
};

/** `$map` and `$filter`: the element is in a variable while the inner expression runs. */
const mapArray: Operator = (argument, name) => {
  const { input, variable, inner } = loopParts(argument, name, "in");
  return (scope) => {
    const array = input(scope);
    if (isNullish(array)) return null;
    return requireArray(array, name, 16883).map(
      (element) => inner(withVariables(scope, [[variable, element]])) ?? null,
    );
  };
};

const filterArray: Operator = (argument, name) => {
  const { input, variable, inner } = loopParts(argument, name, "cond");
  const limit =
    argument instanceof Map && argument.has("limit") ? compileExpression(argument.get("limit")!) : undefined;
  return (scope) => {
    const array = input(scope);
    if (isNullish(array)) return null;
    const kept = requireArray(array, name, 28651).filter((element) =>
      isTruthy(inner(withVariables(scope, [[variable, element]]))),
    );
    return limit ? kept.slice(0, toNumber(limit(scope)) ?? kept.length) : kept;
  };
};

function loopParts(
  argument: Value,
  name: string,
  innerName: string,
): { input: Expression; variable: string; inner: Expression } {
  const parts = argument instanceof Map ? argument : new Map<string, Value>();
  const input = parts.get("input");
  const inner = parts.get(innerName);
  const variable = parts.get("as") ?? "this";
  if (input === undefined || inner === undefined || typeof variable !== "string")
    throw new CommandError(28648, `Missing 'input', 'as' or '${innerName}' parameter to ${name}`);
  return { input: compileExpression(input), variable, inner: compileExpression(inner) };
}

const reduce: Operator = (argument, name) => {
  const { input, initialValue, in: inner } = compileNamed(argument, name, ["input", "initialValue", "in"]);
  return (scope) => {
    const array = input!(scope);
    if (isNullish(array)) return null;
    let value = initialValue!(scope);
    for (const element of requireArray(array, name, 40080))
      value = inner!(
        withVariables(scope, [
          ["this", element],
          ["value", value],
        ]),
      );
    return value;
  };
};

const slice: Operator = (argument, name) => {
  const [list, second, third] = compileArguments(argument, name, 2, 3);
  return (scope) => {
    const array = list!(scope);
    const a = toNumber(second!(scope));
    const b = third && toNumber(third(scope));
    if (isNullish(array) || a === undefined) return null;
    const source = requireArray(array, name, 28724);
    if (b === undefined) return a >= 0 ? source.slice(0, a) : source.slice(a);
    const start = a < 0 ? Math.max(0, source.length + a) : a;
    return source.slice(start, start + b);
  };
};

const concatArrays: Operator = (argument, name) => {
  const lists = compileArguments(argument, name, 0, Infinity);
  return (scope) => {
    const result: Value[] = [];
    for (const list of lists) {
      const array = list(scope);
      if (isNullish(array)) return null;
      result.push(...requireArray(array, name, 28664));
    }
    return result;
  };
};

function distinctValues(values: Value[]): Value[] {
  const seen = new Map<string, Value>();
  for (const value of values) {
    const key = keyText(value);
    if (!seen.has(key)) seen.set(key, value);
  }
  return [...seen.values()];
}

/** A set operator: arrays without order or duplicates; null when one is missing. */
function onSets(run: (first: Value[], others: Value[][]) => Value): Operator {
  return (argument, name) => {
    const lists = compileArguments(argument, name, 1, Infinity);
    return (scope) => {
      const values = lists.map((list) => list(scope));
      if (values.some(isNullish)) return null;
      const arrays = values.map((value) => requireArray(value!, name, 17047));
      return run(distinctValues(arrays[0]!), arrays.slice(1));
    };
  };
}

function includes(array: Value[], value: Value): boolean {
  return array.some((element) => valuesEqual(element, value));
}

/** Accumulators used as expressions: over one array, or over the arguments. */
function overValues(run: (values: (Value | undefined)[]) => Value): Operator {
  return (argument, name) => {
    const expressions = compileArguments(argument, name, 1, Infinity);
    return (scope) => {
      const values = expressions.map((expression) => expression(scope));
      return run(values.length === 1 && Array.isArray(values[0]) ? values[0] : values);
    };
  };
}

function sumOf(values: Iterable<Value | undefined>): Value {
  let sum: Numeric = 0;
  for (const value of values) {
    // A sum of longs that overflows goes on as a double, unlike $add.
    if (isNumeric(value)) sum = add(sum, value) ?? asDouble(toNumber(sum)! + toNumber(value)!);
  }
  return sum;
}

function averageOf(values: Iterable<Value | undefined>): Value {
  const numbers = [...values].filter((value) => isNumeric(value));
  return numbers.length === 0 ? null : asDouble(toNumber(sumOf(numbers))! / numbers.length);
}

function extremeOf(values: Iterable<Value | undefined>, wanted: -1 | 1): Value {
  let best: Value | undefined;
  for (const value of values) {
    if (!isNullish(value) && (best === undefined || compareValues(value, best) * wanted > 0)) best = value;
  }
  return best ?? null;
}

const arrayToObject = onArray((array) => {
  const result: Doc = new Map();
  for (const entry of array) {
    const [key, value] = Array.isArray(entry)
      ? entry
      : entry instanceof Map
        ? [entry.get("k"), entry.get("v")]
        : [];
    if (typeof key !== "string" || value === undefined)
      throw new CommandError(40398, "$arrayToObject requires an array of [k, v] pairs or { k, v } documents");
    result.set(key, value);
  }
  return result;
}, 40386);

const objectToArray: Operator = (argument, name) => {
  const [expression] = compileArguments(argument, name, 1) as [Expression];
  return (scope) => {
    const value = expression(scope);
    if (isNullish(value)) return null;
    if (!(value instanceof Map))
      throw new CommandError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
    return [...value].map(
      ([key, inner]) =>
        new Map<string, Value>([
          ["k", key],
          ["v", inner],
        ]),
    );
  };
};

const mergeObjects: Operator = (argument, name) => {
  const expressions = compileArguments(argument, name, 0, Infinity);
  return (scope) => {
    const result: Doc = new Map();
    const values = expressions.map((expression) => expression(scope));
    for (const value of values.length === 1 && Array.isArray(values[0]) ? values[0] : values) {
      if (isNullish(value)) continue;
      if (!(value instanceof Map))
        throw new CommandError(
          40400,
          `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`,
        );
      for (const [key, inner] of value) result.set(key, inner);
    }
    return result;
  };
};

export const ARRAY_OPERATORS: Record<string, Operator> = {
  $size: size,
  $in: inArray,
  $arrayElemAt: arrayElemAt,
  $first: onArray((array) => array[0]),
  $last: onArray((array) => array.at(-1)),
  $isArray: (argument, name) => {
    const [expression] = compileArguments(argument, name, 1) as [Expression];
    return (scope) => Array.isArray(expression(scope));
  },
  $map: mapArray,
  $filter: filterArray,
  $reduce: reduce,
  $slice: slice,
  $concatArrays: concatArrays,
  $reverseArray: onArray((array) => [...array].reverse(), 34435),
  $arrayToObject: arrayToObject,
  $objectToArray: objectToArray,
  $mergeObjects: mergeObjects,
  $setUnion: onSets((first, others) => distinctValues([...first, ...others.flat()])),
  $setIntersection: onSets((first, others) =>
    first.filter((value) => others.every((other) => includes(other, value))),
  ),
  $setDifference: onSets((first, [other = []]) => first.filter((value) => !includes(other, value))),
  $sum: overValues(sumOf),
  $avg: overValues(averageOf),
  $min: overValues((values) => extremeOf(values, -1)),
  $max: overValues((values) => extremeOf(values, 1)),
};
