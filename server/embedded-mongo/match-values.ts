import { ensure } from "./errors.ts";
import { compareValues, typeByte, valuesEqual } from "./key-encoding.ts";
import { toPattern } from "./regex.ts";
import { MaxKey, MinKey, Regex, TYPE_NUMBERS, type Value, toNumber, typeName } from "./values.ts";

/** Says of one value, or of a missing one, whether it is meant. */
export type ValueTest = (value: Value | undefined) => boolean;

export type RangeOperator = "$gt" | "$gte" | "$lt" | "$lte";

export function equalTest(value: Value): ValueTest {
  if (value === null) return (other) => other === null || other === undefined;
  if (typeof value === "string" || typeof value === "boolean") return (other) => other === value;
  return (other) => other !== undefined && valuesEqual(other, value);
}

const ACCEPTED: Record<RangeOperator, (order: number) => boolean> = {
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
};

/** Compares with values of the same type only. */
export function rangeTest(operator: RangeOperator, bound: Value): ValueTest {
  const accepts = ACCEPTED[operator];
  if (bound instanceof MinKey || bound instanceof MaxKey)
    return (value) => value !== undefined && accepts(compareValues(value, bound));
  const type = typeByte(bound);
  const isNaNBound = Number.isNaN(toNumber(bound));
  const inclusive = operator === "$gte" || operator === "$lte";
  return (value) => {
    if (value === undefined) return bound === null && inclusive;
    if (typeof bound === "number" && typeof value === "number" && !isNaNBound) return accepts(value - bound);
    if (typeByte(value) !== type) return false;
    // NaN equals NaN and is neither below nor above anything.
    const isNaNValue = Number.isNaN(toNumber(value));
    if (isNaNBound || isNaNValue) return inclusive && isNaNBound && isNaNValue;
    return accepts(compareValues(value, bound));
  };
}

export function typeSet(operand: Value): Set<number> {
  const types = new Set<number>();
  for (const name of Array.isArray(operand) ? operand : [operand]) {
    if (name === "number") [1, 16, 18, 19].forEach((type) => types.add(type));
    else if (typeof name === "string") {
      ensure(Object.hasOwn(TYPE_NUMBERS, name), 2, `Unknown type name alias: ${name}`);
      types.add(TYPE_NUMBERS[name]!);
    } else {
      const type = toNumber(name);
      ensure(type !== undefined, 14, "type must be represented as a number or a string");
      ensure(Object.values(TYPE_NUMBERS).includes(type), 2, `Invalid numerical type code: ${type}`);
      types.add(type);
    }
  }
  ensure(types.size > 0, 9, "$type must match at least one type");
  return types;
}

/** `$regex` with its `$options`. */
export function patternTest(operand: Value, options: Value | undefined): ValueTest {
  ensure(options === undefined || typeof options === "string", 2, "$options has to be a string");
  if (operand instanceof Regex) {
    ensure(options === undefined || !operand.options, 51075, "options set in both $regex and $options");
    return regexTest(operand.pattern, options ?? operand.options);
  }
  ensure(typeof operand === "string", 2, "$regex has to be a string");
  return regexTest(operand, options ?? "");
}

export function regexTest(pattern: string, options: string): ValueTest {
  const compiled = toPattern(pattern, options);
  return (value) =>
    typeof value === "string"
      ? compiled.test(value)
      : value instanceof Regex && value.pattern === pattern && value.options === options;
}

export function sizeTest(operand: Value): ValueTest {
  const size = toNumber(operand);
  ensure(size !== undefined, 9, `Failed to parse $size. Expected a number, not ${typeName(operand)}`);
  ensure(size >= 0, 2, `Failed to parse $size. Expected a non-negative number in: $size: ${size}`);
  return (value) => Array.isArray(value) && value.length === size;
}

export function modTest(operand: Value): ValueTest {
  const [divisor, remainder] = Array.isArray(operand) ? operand.map(toNumber) : [];
  ensure(divisor !== undefined && remainder !== undefined, 2, "malformed mod, needs to be two numbers");
  const isFinite = Number.isFinite(divisor) && Number.isFinite(remainder);
  ensure(isFinite, 2, "malformed mod, NaN or infinity");
  ensure(Math.trunc(divisor) !== 0, 2, "divisor cannot be 0");
  const [by, rest] = [BigInt(Math.trunc(divisor)), BigInt(Math.trunc(remainder))];
  return (value) => {
    if (typeof value === "bigint") return value % by === rest;
    const number = toNumber(value);
    return number !== undefined && Number.isFinite(number) && BigInt(Math.trunc(number)) % by === rest;
  };
}
