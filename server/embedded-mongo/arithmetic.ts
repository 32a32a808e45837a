import { Decimal, Double, type Value, asDouble, fitsLong, isInt32, toNumber } from "./values.ts";

export type Numeric = number | bigint | Double | Decimal;

/** A decimal as whole digits and a power of ten. */
export type Scaled = { digits: bigint; exponent: number };

type Operation = {
  whole: (a: bigint, b: bigint) => bigint;
  real: (a: number, b: number) => number;
  decimal: (a: Scaled, b: Scaled) => Scaled;
};

const ADD: Operation = {
  whole: (a, b) => a + b,
  real: (a, b) => a + b,
  decimal: (a, b) => addScaled(a, b, 1n),
};
const SUBTRACT: Operation = {
  whole: (a, b) => a - b,
  real: (a, b) => a - b,
  decimal: (a, b) => addScaled(a, b, -1n),
};
const MULTIPLY: Operation = {
  whole: (a, b) => a * b,
  real: (a, b) => a * b,
  decimal: (a, b) => ({ digits: a.digits * b.digits, exponent: a.exponent + b.exponent }),
};

export const add = (a: Numeric, b: Numeric) => calculate(ADD, a, b);
export const subtract = (a: Numeric, b: Numeric) => calculate(SUBTRACT, a, b);
export const multiply = (a: Numeric, b: Numeric) => calculate(MULTIPLY, a, b);

/** Calculates with MongoDB's promotion int -> long -> double -> decimal; `undefined` when a long overflows. */
function calculate({ whole, real, decimal }: Operation, a: Numeric, b: Numeric): Numeric | undefined {
  if (a instanceof Decimal || b instanceof Decimal) {
    const [left, right] = [scaled(asDecimal(a)), scaled(asDecimal(b))];
    if (!left || !right) return Decimal.parse(String(real(toNumber(a)!, toNumber(b)!)));
    const { digits, exponent } = decimal(left, right);
    return Decimal.parse(`${digits}E${exponent}`);
  }
  if (isDouble(a) || isDouble(b)) return asDouble(real(toNumber(a)!, toNumber(b)!));
  if (typeof a === "number" && typeof b === "number") {
    const result = real(a, b);
    if (isInt32(result)) return result === 0 ? 0 : result;
  }
  const result = whole(BigInt(a as number | bigint), BigInt(b as number | bigint));
  return fitsLong(result) ? result : undefined;
}

function isDouble(value: Numeric): boolean {
  return value instanceof Double || (typeof value === "number" && !isInt32(value));
}

function asDecimal(value: Numeric): Decimal {
  if (value instanceof Decimal) return value;
  const plain = isDouble(value) ? Number(toNumber(value)!.toPrecision(15)) : (value as number | bigint);
  return Decimal.parse(String(plain));
}

/** `undefined` for NaN and the infinities. */
export function scaled(value: Decimal): Scaled | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(value.toString());
  if (!match) return undefined;
  const [, sign, whole, fraction = "", exponent = 0] = match;
  const digits = BigInt(whole! + fraction);
  return { digits: sign ? -digits : digits, exponent: Number(exponent) - fraction.length };
}

function addScaled(a: Scaled, b: Scaled, sign: bigint): Scaled {
  const exponent = Math.min(a.exponent, b.exponent);
  const at = ({ digits, exponent: own }: Scaled) => digits * 10n ** BigInt(own - exponent);
  return { digits: at(a) + sign * at(b), exponent };
}

/** Division is always a double, or a decimal when one side is; `undefined` for a division by zero. */
export function divide(a: Numeric, b: Numeric): Value | undefined {
  const divisor = toNumber(b)!;
  if (divisor === 0) return undefined;
  const result = toNumber(a)! / divisor;
  if (a instanceof Decimal || b instanceof Decimal) return Decimal.parse(String(result));
  return asDouble(result);
}
