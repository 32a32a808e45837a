import { type Scaled, scaled } from "./arithmetic.ts";
import { toBuffer } from "./bson-codec.ts";
import type { MaxKey } from "./values.ts";
import {
  Bin,
  Code,
  Decimal,
  type Doc,
  Double,
  MinKey,
  Oid,
  Regex,
  Stamp,
  type Value,
  toNumber,
} from "./values.ts";

/**
 * Values as byte strings whose order is MongoDB's order of values, and whose equality is MongoDB's equality
 * (1, 1.0 and NumberLong(1) are one key). Index keys, sorting, grouping and comparison all use them, so
 * there is one definition of order.
 */

// Type bytes stay within 1..254, so that they stay clear of the terminator 0 when a descending key inverts them.
const TYPE = {
  minKey: 0x01,
  emptyArray: 0x03,
  null: 0x05,
  number: 0x0a,
  string: 0x0f,
  object: 0x14,
  array: 0x19,
  binary: 0x1e,
  oid: 0x23,
  bool: 0x28,
  date: 0x2d,
  stamp: 0x2f,
  regex: 0x32,
  code: 0x3c,
  maxKey: 0x7f,
} as const;

/** Greater than every continuation of a key. */
export const AFTER = Buffer.from([0xff]);

let out = Buffer.allocUnsafe(16 * 1024);
let at = 0;

function room(bytes: number): void {
  if (at + bytes <= out.length) return;
  const larger = Buffer.allocUnsafe(Math.max(out.length * 2, at + bytes));
  out.copy(larger, 0, 0, at);
  out = larger;
}

function finished(): Buffer {
  return Buffer.from(out.subarray(0, at));
}

export function encodeKey(value: Value | undefined): Buffer {
  at = 0;
  put(value);
  return finished();
}

/** One key for several fields; `descending[i]` inverts the order of field i. */
export function encodeCompoundKey(
  values: readonly (Value | undefined)[],
  descending: readonly boolean[],
): Buffer {
  at = 0;
  for (let i = 0; i < values.length; i++) {
    const from = at;
    const value = values[i];
    // An empty array has no elements to be indexed by; it sorts before null.
    if (value === EMPTY_ARRAY) putByte(TYPE.emptyArray);
    else put(value);
    if (descending[i]) for (let j = from; j < at; j++) out[j] = 255 - out[j]!;
  }
  return finished();
}

/** Stands for the key of an empty array, see encodeCompoundKey. */
export const EMPTY_ARRAY: Value = new MinKey();

export function inverted(key: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafe(key.length);
  for (let i = 0; i < key.length; i++) copy[i] = 255 - key[i]!;
  return copy;
}

/** A type byte as an index key of that direction starts with; range queries stay within one type. */
export function typeByte(value: Value): number {
  return encodeKey(value)[0]!;
}

export function compareValues(a: Value | undefined, b: Value | undefined): number {
  if (typeof a === "number" && typeof b === "number") return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string" && a === b) return 0;
  if (a instanceof Date && b instanceof Date) return compareNumbers(a.getTime(), b.getTime());
  return Buffer.compare(encodeKey(a), encodeKey(b));
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return (Number.isNaN(a) ? 0 : 1) - (Number.isNaN(b) ? 0 : 1);
}

export function valuesEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  const kind = typeof a;
  if (kind === typeof b && (kind === "string" || kind === "boolean")) return false;
  if (a instanceof Oid && b instanceof Oid) return toBuffer(a.bytes).equals(b.bytes);
  return compareValues(a, b) === 0;
}

/** As a string, for maps and sets. */
export function keyText(value: Value | undefined): string {
  at = 0;
  put(value);
  return out.toString("latin1", 0, at);
}

function putByte(byte: number): void {
  room(1);
  out[at++] = byte;
}

function put(value: Value | undefined): void {
  switch (typeof value) {
    case "string":
      putByte(TYPE.string);
      putText(value);
      return;
    case "number":
    case "bigint":
      putNumber(value);
      return;
    case "boolean":
      putByte(TYPE.bool);
      putByte(value ? 2 : 1);
      return;
    case "undefined":
      putByte(TYPE.null);
      return;
  }
  if (value === null) putByte(TYPE.null);
  else if (value instanceof Oid) {
    putByte(TYPE.oid);
    putBytes(value.bytes);
  } else if (value instanceof Date) {
    putByte(TYPE.date);
    putLong(BigInt(value.getTime()));
  } else if (value instanceof Double || value instanceof Decimal) putNumber(value);
  else if (value instanceof Map) putDocument(value);
  else if (Array.isArray(value)) {
    putByte(TYPE.array);
    for (const element of value) put(element);
    putByte(0);
  } else putRare(value);
}

function putRare(value: Bin | Stamp | Regex | Code | MinKey | MaxKey): void {
  if (value instanceof Bin) {
    putByte(TYPE.binary);
    room(5);
    at = out.writeUInt32BE(value.bytes.length, at);
    out[at++] = value.subtype;
    putBytes(value.bytes);
  } else if (value instanceof Stamp) {
    putByte(TYPE.stamp);
    room(8);
    at = out.writeBigUInt64BE(value.bits, at);
  } else if (value instanceof Regex) {
    putByte(TYPE.regex);
    putText(value.pattern);
    putText(value.options);
  } else if (value instanceof Code) {
    putByte(TYPE.code);
    putText(value.code);
    if (value.scope) putDocument(value.scope);
  } else putByte(value instanceof MinKey ? TYPE.minKey : TYPE.maxKey);
}

/** Fields compare by type first, then name, then value. */
function putDocument(doc: Doc): void {
  putByte(TYPE.object);
  for (const [name, value] of doc) {
    const typeAt = at;
    putByte(0);
    putText(name);
    const valueAt = at;
    put(value);
    out[typeAt] = out[valueAt]!;
  }
  putByte(0);
}

function putBytes(bytes: Uint8Array): void {
  room(bytes.length);
  out.set(bytes, at);
  at += bytes.length;
}

// The bytes 0 and 1 within a text are escaped as 1 2 and 1 3, and 0 ends it: no key is the beginning of another.
// eslint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /[\0\x01]/;

function putText(text: string): void {
  room(text.length * 3 + 1);
  const from = at;
  at += out.write(text, at, "utf8");
  if (NEEDS_ESCAPE.test(text)) {
    const plain = Buffer.from(out.subarray(from, at));
    at = from;
    room(plain.length * 2 + 1);
    for (const byte of plain) {
      if (byte < 2) out[at++] = 1;
      out[at++] = byte < 2 ? byte + 2 : byte;
    }
  }
  out[at++] = 0;
}

function putLong(value: bigint): void {
  room(8);
  at = out.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), at);
}

/**
 * A number is the nearest double, then 0x80 when it is exactly that double. A long or decimal between two
 * doubles has 0x7f or 0x81 instead, for below or above, and its decimal digits behind it.
 */
function putNumber(value: number | bigint | Double | Decimal): void {
  putByte(TYPE.number);
  if (typeof value === "number") putDouble(value, 0x80);
  else if (value instanceof Double) putDouble(value.value, 0x80);
  else if (typeof value === "bigint") {
    const nearest = Number(value);
    const side = compareBig(value, BigInt(nearest));
    putDouble(nearest, 0x80 + side);
    if (side !== 0) putDigits({ digits: value, exponent: 0 });
  } else putDecimal(value);
}

function compareBig(a: bigint, b: bigint): -1 | 0 | 1 {
  return a < b ? -1 : a > b ? 1 : 0;
}

const bits = Buffer.alloc(8);

function putDouble(value: number, side: number): void {
  room(9);
  // NaN sorts below every number, and -0 equals 0.
  if (Number.isNaN(value)) {
    out.fill(0, at, at + 8);
  } else {
    bits.writeDoubleBE(value === 0 ? 0 : value);
    const negative = bits[0]! > 127;
    for (let i = 0; i < 8; i++) out[at + i] = negative ? 255 - bits[i]! : bits[i]!;
    if (!negative) out[at]! += 128;
  }
  out[at + 8] = side;
  at += 9;
}

function putDecimal(value: Decimal): void {
  const nearest = toNumber(value)!;
  const exact = scaled(value);
  const side = exact ? compareDecimalToDouble(exact, nearest) : 0;
  putDouble(nearest, 0x80 + side);
  if (exact && side !== 0) putDigits(exact);
}

function compareDecimalToDouble({ digits, exponent }: Scaled, double: number): -1 | 0 | 1 {
  if (!Number.isFinite(double)) return double > 0 ? -1 : 1;
  if (digits === 0n) return 0;
  if (double === 0) return digits > 0n ? 1 : -1;
  // A double is an integer times a power of two: bring both sides to integers.
  let shift = 0n;
  let whole = double;
  for (; !Number.isInteger(whole); whole *= 2) shift++;
  const left = digits * 2n ** shift * 10n ** BigInt(Math.max(exponent, 0));
  const right = BigInt(whole) * 10n ** BigInt(Math.max(-exponent, 0));
  return compareBig(left, right);
}

function putDigits({ digits, exponent }: Scaled): void {
  const significant = String(digits < 0n ? -digits : digits);
  const leading = exponent + significant.length + 20_000;
  const kept = significant.replace(/0+$/, "");
  const from = at;
  room(kept.length + 3);
  at = out.writeUInt16BE(leading, at);
  at += out.write(kept, at, "latin1");
  out[at++] = 1;
  if (digits < 0n) for (let i = from; i < at; i++) out[i] = 255 - out[i]!;
}
