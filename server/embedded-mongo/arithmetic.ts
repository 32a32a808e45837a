import { Decimal, Double, type Value, asDouble, fitsLong, isInt32, toNumber } from "./values.ts";

export type Numeric = number | bigint | Double | Decimal;

function isDouble(value: Numeric): boolean {
  return value instanceof Double || (typeof value === "number" && !isInt32(value));
}

/** Calculates with MongoDB's promotion int -> long -> double -> decimal; `undefined` when a long overflows. */
function combine(
  a: Numeric,
  b: Numeric,
  whole: (a: bigint, b: bigint) => bigint,
  real: (a: number, b: number) => number,
  decimal: (a: Decimal, b: Decimal) => Decimal,
): Numeric | undefined {
  if (a instanceof Decimal || b instanceof Decimal) return decimal(asDecimal(a), asDecimal(b));
  if (isDouble(a) || isDouble(b)) return asDouble(real(toNumber(a)!, toNumber(b)!));
  if (typeof a === "number" && typeof b === "number") {
    const result = real(a, b);
    if (isInt32(result)) return result === 0 ? 0 : result;
  }
  const result = whole(BigInt(toNumberOrBig(a)), BigInt(toNumberOrBig(b)));
  return fitsLong(result) ? result : undefined;
}

function toNumberOrBig(value: Numeric): number | bigint {
  return typeof value === "bigint" ? value : toNumber(value)!;
}

export function add(a: Numeric, b: Numeric): Numeric | undefined {
  return combine(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
    (x, y) => addDecimals(x, y),
  );
}

export function subtract(a: Numeric, b: Numeric): Numeric | undefined {
  return combine(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
    (x, y) => addDecimals(x, y, -1n),
  );
}

export function multiply(a: Numeric, b: Numeric): Numeric | undefined {
  return combine(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
    multiplyDecimals,
  );
}

function asDecimal(value: Numeric): Decimal {
  if (value instanceof Decimal) return value;
  const number = value instanceof Double ? value.value : value;
  return Decimal.parse(
    typeof number === "number" && isDouble(number) ? String(Number(number.toPrecision(15))) : String(number),
  );
}

type Scaled = { digits: bigint; exponent: number };

function scaled(value: Decimal): Scaled | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(value.toString());
  if (!match) return undefined;
  const digits = BigInt(match[2]! + (match[3] ?? ""));
  return { digits: match[1] ? -digits : digits, exponent: Number(match[4] ?? 0) - (match[3] ?? "").length };
}

function addDecimals(a: Decimal, b: Decimal, sign = 1n): Decimal {
  const left = scaled(a);
  const right = scaled(b);
  if (!left || !right) return Decimal.parse(String(toNumber(a)! + Number(sign) * toNumber(b)!));
  const exponent = Math.min(left.exponent, right.exponent);
  const at = ({ digits, exponent: own }: Scaled) => digits * 10n ** BigInt(own - exponent);
  return Decimal.parse(`${at(left) + sign * at(right)}E${exponent}`);
}

function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  const left = scaled(a);
  const right = scaled(b);
  if (!left || !right) return Decimal.parse(String(toNumber(a)! * toNumber(b)!));
  return Decimal.parse(`${left.digits * right.digits}E${left.exponent + right.exponent}`);
}

/** Division is always a double, or a decimal when one side is; `undefined` for a division by zero. */
export function divide(a: Numeric, b: Numeric): Value | undefined {
  const divisor = toNumber(b)!;
  if (divisor === 0) return undefined;
  const result = toNumber(a)! / divisor;
  if (a instanceof Decimal || b instanceof Decimal) return Decimal.parse(String(result));
  return asDouble(result);
}
