import { type Numeric, add } from "./arithmetic.ts";
import { CommandError } from "./errors.ts";
import { compareValues, keyText } from "./key-encoding.ts";
import { sizeOf } from "./memory.ts";
import { type Doc, type Value, asDouble, isNullish, isNumeric, toNumber, typeName } from "./values.ts";

/** Makes one value of many. `take` returns how much more memory it holds now. */
export type Accumulator = { take: (value: Value | undefined) => number; result: () => Value };

export const ACCUMULATORS = new Map<string, () => Accumulator>([
  ["$sum", sum],
  ["$avg", average],
  ["$min", () => oneOf((value, kept) => !isNullish(value) && (!kept || compareValues(value, kept[0]) < 0))],
  ["$max", () => oneOf((value, kept) => !isNullish(value) && (!kept || compareValues(value, kept[0]) > 0))],
  ["$first", () => oneOf((_value, kept) => !kept)],
  ["$last", () => oneOf(() => true)],
  ["$push", push],
  ["$addToSet", addToSet],
  ["$count", count],
  ["$mergeObjects", mergeObjects],
]);

function sum(): Accumulator {
  let total: Numeric = 0;
  return {
    take: (value) => {
      // A sum of longs that overflows goes on as a double, unlike $add.
      if (isNumeric(value)) total = add(total, value) ?? asDouble(toNumber(total)! + toNumber(value)!);
      return 0;
    },
    result: () => total,
  };
}

function average(): Accumulator {
  const total = sum();
  let number = 0;
  return {
    take: (value) => {
      if (isNumeric(value)) number++;
      return total.take(value);
    },
    result: () => (number === 0 ? null : asDouble(toNumber(total.result())! / number)),
  };
}

/** Keeps the value that replaced the others; `kept` is undefined before the first. */
function oneOf(
  replaces: (value: Value | undefined, kept: [Value | undefined] | undefined) => boolean,
): Accumulator {
  let kept: [Value | undefined] | undefined;
  return {
    take: (value) => {
      if (!replaces(value, kept)) return 0;
      const more = sizeOf(value) - (kept ? sizeOf(kept[0]) : 0);
      kept = [value];
      return more;
    },
    result: () => kept?.[0] ?? null,
  };
}

function push(): Accumulator {
  const values: Value[] = [];
  return {
    take: (value) => {
      if (value === undefined) return 0;
      values.push(value);
      return sizeOf(value);
    },
    result: () => values,
  };
}

function addToSet(): Accumulator {
  const values = new Map<string, Value>();
  return {
    take: (value) => {
      if (value === undefined) return 0;
      const key = keyText(value);
      if (values.has(key)) return 0;
      values.set(key, value);
      return key.length + sizeOf(value);
    },
    result: () => [...values.values()],
  };
}

function count(): Accumulator {
  let number = 0;
  return {
    take: () => {
      number++;
      return 0;
    },
    result: () => number,
  };
}

function mergeObjects(): Accumulator {
  const merged: Doc = new Map();
  return {
    take: (value) => {
      if (isNullish(value)) return 0;
      if (!(value instanceof Map))
        throw new CommandError(40400, `$mergeObjects requires object inputs, not ${typeName(value)}`);
      for (const [key, inner] of value) merged.set(key, inner);
      return sizeOf(value);
    },
    result: () => merged,
  };
}
