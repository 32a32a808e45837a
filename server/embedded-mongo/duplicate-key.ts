import type { Collection, Index } from "./catalog.ts";
import { CommandError } from "./errors.ts";
import { valueAtPath } from "./paths.ts";
import {
  Bin,
  Code,
  Decimal,
  type Doc,
  Double,
  MaxKey,
  MinKey,
  Oid,
  Regex,
  Stamp,
  type Value,
} from "./values.ts";

/** MongoDB's E11000, to the letter: plugins take the field out of the text. */
export function duplicateKey(collection: Collection, index: Index, doc: Doc): CommandError {
  const keyValue: Doc = new Map();
  const parts: string[] = [];
  for (const field of index.fields) {
    const value = valueAtPath(doc, field.parts) ?? null;
    const shown = Array.isArray(value) ? (value.find((element) => element !== null) ?? null) : value;
    keyValue.set(field.path, shown);
    parts.push(`${field.path}: ${describeValue(shown)}`);
  }
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${collection.namespace} index: ${index.name} dup key: { ${parts.join(", ")} }`,
    { keyPattern: index.spec.get("key"), keyValue },
  );
}

/** A value as the MongoDB shell prints it. */
export function describeValue(value: Value | undefined): string {
  if (value === undefined) return "MISSING";
  if (value === null) return "null";
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Double)
    return Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value);
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Oid) return `ObjectId('${value.toHex()}')`;
  if (value instanceof Decimal) return `NumberDecimal("${value.toString()}")`;
  if (value instanceof Bin) return describeBinary(value);
  if (value instanceof Stamp) return `Timestamp(${value.bits >> 32n}, ${value.bits & 0xffffffffn})`;
  if (value instanceof Regex) return `/${value.pattern}/${value.options}`;
  if (value instanceof Code) return value.code;
  if (value instanceof MinKey) return "MinKey";
  if (value instanceof MaxKey) return "MaxKey";
  if (Array.isArray(value)) return `[ ${value.map(describeValue).join(", ")} ]`;
  return `{ ${[...value].map(([key, inner]) => `${key}: ${describeValue(inner)}`).join(", ")} }`;
}

function describeBinary(value: Bin): string {
  const hex = Buffer.from(value.bytes).toString("hex");
  if (value.subtype === 4 && hex.length === 32) {
    return `UUID("${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}")`;
  }
  return `BinData(${value.subtype}, ${hex.toUpperCase()})`;
}
