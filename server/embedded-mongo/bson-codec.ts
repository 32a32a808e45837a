import { MAX_DEPTH, Reader, invalidBson } from "./bson-reader.ts";
import { CommandError } from "./errors.ts";
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
  isInt32,
} from "./values.ts";

/** A document that is already encoded: the encoder copies its bytes into the reply as they are. */
export class Raw {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** What a reply may consist of: plain objects for our own fields, and the values of documents. */
export type Encodable = Value | Raw | undefined | Encodable[] | { [key: string]: Encodable };

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
// An answer wraps its documents.
const MAX_ENCODED_DEPTH = MAX_DEPTH + 20;

export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Decodes one document, or only some of its top-level fields. Every length is checked, because the bytes may
 * come from anyone.
 */
export function decode(bytes: Uint8Array, fields?: ReadonlySet<string>): Doc {
  const buffer = toBuffer(bytes);
  if (buffer.length < 5) throw invalidBson("document is too short");
  const size = buffer.readInt32LE(0);
  if (size !== buffer.length) throw invalidBson("document length does not match");
  const reader = new Reader(buffer);
  return fields ? reader.someFields(size, fields) : reader.document(0, size, 0);
}

let scratch = Buffer.allocUnsafe(256 * 1024);
let used = 0;

function reserve(bytes: number): number {
  const from = used;
  used += bytes;
  if (used > scratch.length) {
    const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, used));
    scratch.copy(larger, 0, 0, from);
    scratch = larger;
  }
  return from;
}

// `reserve` may replace the scratch buffer: it must have run before `scratch` is named in an expression.
function writeByte(value: number): void {
  const at = reserve(1);
  scratch[at] = value;
}

function writeInt32(value: number): void {
  const at = reserve(4);
  scratch.writeInt32LE(value, at);
}

/** Signed or not: the 64 bits are the same. */
function writeInt64(value: bigint): void {
  const at = reserve(8);
  scratch.writeBigUInt64LE(BigInt.asUintN(64, value), at);
}

function writeDouble(value: number): void {
  const at = reserve(8);
  scratch.writeDoubleLE(value, at);
}

/** Encodes a document into bytes of its own, preceded by `headroom` free bytes. */
export function encode(doc: Encodable, headroom = 0): Buffer {
  used = headroom;
  writeDocument(doc, 0);
  const bytes = Buffer.allocUnsafeSlow(used);
  scratch.copy(bytes, 0, 0, used);
  if (scratch.length > 8 * 1024 * 1024) scratch = Buffer.allocUnsafe(256 * 1024);
  return bytes;
}

/** Encodes a document that is to be stored: MongoDB's 16 MB limit applies. */
export function encodeStored(doc: Doc): Buffer {
  const bytes = encode(doc);
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new CommandError(
      10334,
      `BSONObj size: ${bytes.length} is invalid. Size must be between 0 and 16793600(16MB)`,
    );
  }
  return bytes;
}

function writeDocument(doc: Encodable, depth: number): void {
  if (depth > MAX_ENCODED_DEPTH) throw new CommandError(15, "Document nesting exceeds the limit");
  const start = reserve(4);
  if (doc instanceof Map) for (const [key, value] of doc) writeElement(key, value, depth);
  else if (Array.isArray(doc)) for (let i = 0; i < doc.length; i++) writeElement(String(i), doc[i], depth);
  else for (const [key, value] of Object.entries(doc as object)) writeElement(key, value as Encodable, depth);
  writeByte(0);
  scratch.writeInt32LE(used - start, start);
}

function writeName(name: string): void {
  const length = name.length;
  const from = reserve(length * 3 + 1);
  let at = from;
  for (let i = 0; i < length; i++) {
    const code = name.charCodeAt(i);
    if (code > 127) {
      at = from + scratch.write(name, from, "utf8");
      break;
    }
    scratch[at++] = code;
  }
  scratch[at++] = 0;
  used = at;
}

function writeString(text: string): void {
  const lengthAt = reserve(4);
  const from = reserve(text.length * 3 + 1);
  const written = scratch.write(text, from, "utf8");
  scratch[from + written] = 0;
  used = from + written + 1;
  scratch.writeInt32LE(written + 1, lengthAt);
}

function writeBytes(bytes: Uint8Array): void {
  const from = reserve(bytes.length);
  scratch.set(bytes, from);
}

function writeElement(name: string, value: Encodable, depth: number): void {
  if (value === undefined) return;
  const typeAt = reserve(1);
  writeName(name);
  const type = writeValue(value, depth);
  scratch[typeAt] = type;
}

/** Writes the value and returns its BSON type byte. */
function writeValue(value: Exclude<Encodable, undefined>, depth: number): number {
  switch (typeof value) {
    case "string":
      writeString(value);
      return 0x02;
    case "number":
      if (isInt32(value)) {
        writeInt32(value);
        return 0x10;
      }
      writeDouble(value);
      return 0x01;
    case "boolean":
      writeByte(value ? 1 : 0);
      return 0x08;
    case "bigint":
      writeInt64(value);
      return 0x12;
  }
  if (value === null) return 0x0a;
  if (value instanceof Map) {
    writeDocument(value, depth + 1);
    return 0x03;
  }
  if (Array.isArray(value)) {
    writeDocument(value, depth + 1);
    return 0x04;
  }
  if (value instanceof Raw) {
    writeBytes(value.bytes);
    return 0x03;
  }
  if (value instanceof Oid) {
    writeBytes(value.bytes);
    return 0x07;
  }
  if (value instanceof Date) {
    writeInt64(BigInt(value.getTime()));
    return 0x09;
  }
  return writeRareValue(value, depth);
}

function writeRareValue(value: object, depth: number): number {
  if (value instanceof Double) {
    writeDouble(value.value);
    return 0x01;
  }
  if (value instanceof Bin) {
    writeInt32(value.bytes.length);
    writeByte(value.subtype);
    writeBytes(value.bytes);
    return 0x05;
  }
  if (value instanceof Decimal) {
    writeBytes(value.bytes);
    return 0x13;
  }
  if (value instanceof Stamp) {
    writeInt64(value.bits);
    return 0x11;
  }
  if (value instanceof Regex) {
    writeName(value.pattern);
    writeName(value.options);
    return 0x0b;
  }
  if (value instanceof Code) return writeCode(value, depth);
  if (value instanceof MinKey) return 0xff;
  if (value instanceof MaxKey) return 0x7f;
  writeDocument(value as { [key: string]: Encodable }, depth + 1);
  return 0x03;
}

function writeCode(value: Code, depth: number): number {
  if (!value.scope) {
    writeString(value.code);
    return 0x0d;
  }
  const start = reserve(4);
  writeString(value.code);
  writeDocument(value.scope, depth + 1);
  scratch.writeInt32LE(used - start, start);
  return 0x0f;
}
