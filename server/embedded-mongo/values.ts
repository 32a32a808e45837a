import { Decimal128, ObjectId } from "bson";

/**
 * The values of a decoded document. A plain JS number stands for what the driver would send for it: an
 * int32 when it is one, else a double. Only a double that would be mistaken for an int32 is wrapped, so
 * every document is written back with the types it came with.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Double
  | Oid
  | Bin
  | Decimal
  | Stamp
  | Regex
  | Code
  | MinKey
  | MaxKey
  | Value[]
  | Doc;

/** A map and not an object: keys like "2024" keep their place, and "__proto__" is a key like any other. */
export type Doc = Map<string, Value>;

export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class Oid {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  static generate(): Oid {
    return new Oid(ObjectId.generate());
  }
  toHex(): string {
    return Buffer.from(this.bytes).toString("hex");
  }
}

export class Bin {
  readonly subtype: number;
  readonly bytes: Uint8Array;
  constructor(subtype: number, bytes: Uint8Array) {
    this.subtype = subtype;
    this.bytes = bytes;
  }
}

export class Decimal {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  toString(): string {
    return new Decimal128(this.bytes).toString();
  }
  static parse(text: string): Decimal {
    return new Decimal(Decimal128.fromStringWithRounding(text).bytes);
  }
}

/** BSON's internal timestamp: seconds in the high, a counter in the low 32 bits. */
export class Stamp {
  readonly bits: bigint;
  constructor(bits: bigint) {
    this.bits = bits;
  }
}

export class Regex {
  readonly pattern: string;
  readonly options: string;
  constructor(pattern: string, options: string) {
    this.pattern = pattern;
    this.options = options;
  }
}

export class Code {
  readonly code: string;
  readonly scope: Doc | undefined;
  constructor(code: string, scope?: Doc) {
    this.code = code;
    this.scope = scope;
  }
}

export class MinKey {
  readonly kind = "minKey";
}

export class MaxKey {
  readonly kind = "maxKey";
}

export function isInt32(value: number): boolean {
  return (value | 0) === value;
}

/** A double, wrapped when a plain number would be taken for an int32. */
export function asDouble(value: number): number | Double {
  return (value | 0) === value ? new Double(value) : value;
}

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

export function fitsLong(value: bigint): boolean {
  return value >= LONG_MIN && value <= LONG_MAX;
}

export function isNumeric(value: unknown): value is number | bigint | Double | Decimal {
  return (
    typeof value === "number" ||
    typeof value === "bigint" ||
    value instanceof Double ||
    value instanceof Decimal
  );
}

export function isNullish(value: Value | undefined): value is null | undefined {
  return value === undefined || value === null;
}

/** The nearest JS number, for limits, positions and other places where MongoDB takes any numeric type. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (value instanceof Double) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Decimal) return Number(value.toString());
  return undefined;
}

/** MongoDB's idea of truth, used by projections, options and expressions. */
export function isTruthy(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === false) return false;
  return toNumber(value) !== 0;
}

export const TYPE_NUMBERS: Record<string, number> = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  javascript: 13,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
};
const TYPE_NAMES = new Map(Object.entries(TYPE_NUMBERS).map(([name, number]) => [number, name]));

export function typeNumber(value: Value): number {
  switch (typeof value) {
    case "string":
      return 2;
    case "number":
      return isInt32(value) ? 16 : 1;
    case "boolean":
      return 8;
    case "bigint":
      return 18;
  }
  if (value === null) return 10;
  if (value instanceof Map) return 3;
  if (Array.isArray(value)) return 4;
  if (value instanceof Oid) return 7;
  if (value instanceof Date) return 9;
  if (value instanceof Double) return 1;
  if (value instanceof Bin) return 5;
  if (value instanceof Decimal) return 19;
  if (value instanceof Regex) return 11;
  if (value instanceof Stamp) return 17;
  if (value instanceof Code) return value.scope ? 15 : 13;
  return value instanceof MinKey ? -1 : 127;
}

export function typeName(value: Value | undefined): string {
  return value === undefined ? "missing" : (TYPE_NAMES.get(typeNumber(value)) ?? "unknown");
}

export function copyValue(value: Value): Value {
  if (Array.isArray(value)) return value.map(copyValue);
  if (!(value instanceof Map)) return value;
  const copy: Doc = new Map();
  for (const [key, inner] of value) copy.set(key, copyValue(inner));
  return copy;
}
