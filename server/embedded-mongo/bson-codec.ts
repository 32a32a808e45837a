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
  asDouble,
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
const MAX_DEPTH = 180;

function invalidBson(reason: string): CommandError {
  return new CommandError(22, `Invalid BSON: ${reason}`);
}

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

// The types of values that always take the same room.
const SIZES: Record<number, number> = {
  0x01: 8,
  0x07: 12,
  0x08: 1,
  0x09: 8,
  0x0a: 0,
  0x10: 4,
  0x11: 8,
  0x12: 8,
  0x13: 16,
};

class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  document(start: number, end: number, depth: number): Doc {
    const doc: Doc = new Map();
    this.#each(start, end, depth, (key, value) => doc.set(key, value));
    return doc;
  }

  someFields(end: number, fields: ReadonlySet<string>): Doc {
    const doc: Doc = new Map();
    this.#at = 4;
    for (let type = this.#buffer[this.#at++]!; type !== 0; type = this.#buffer[this.#at++]!) {
      const key = this.#cstring(end);
      if (fields.has(key)) doc.set(key, this.#value(type, end, 0));
      else this.#skip(type, end);
      if (this.#at >= end || doc.size === fields.size) break;
    }
    return doc;
  }

  #skip(type: number, end: number): void {
    const size = SIZES[type];
    if (size !== undefined) this.#take(size, end);
    else if (type === 0x02) this.#take(this.#int32(end), end);
    else if (type === 0x03 || type === 0x04) this.#at = this.#nested(end)[1];
    else this.#value(type, end, 0);
  }

  #array(start: number, end: number, depth: number): Value[] {
    const values: Value[] = [];
    this.#each(start, end, depth, (_key, value) => values.push(value));
    return values;
  }

  #each(start: number, end: number, depth: number, take: (key: string, value: Value) => void): void {
    if (depth > MAX_DEPTH) throw new CommandError(15, "Document nesting exceeds the limit");
    this.#at = start + 4;
    for (;;) {
      if (this.#at >= end) throw invalidBson("document is not terminated");
      const type = this.#buffer[this.#at++]!;
      if (type === 0) break;
      const key = this.#cstring(end);
      take(key, this.#value(type, end, depth));
    }
    if (this.#at !== end) throw invalidBson("document ends before its length");
  }

  #take(length: number, end: number): number {
    const from = this.#at;
    if (length < 0 || from + length >= end) throw invalidBson("value exceeds its document");
    this.#at = from + length;
    return from;
  }

  #int32(end: number): number {
    return this.#buffer.readInt32LE(this.#take(4, end));
  }

  #cstring(end: number): string {
    const buffer = this.#buffer;
    const from = this.#at;
    let at = from;
    let ascii = true;
    let byte = buffer[at];
    while (byte !== 0 && at < end) {
      if (byte! > 127) ascii = false;
      byte = buffer[++at];
    }
    if (at >= end) throw invalidBson("name is not terminated");
    this.#at = at + 1;
    return this.#text(from, at, ascii && at - from < 24);
  }

  #text(from: number, to: number, shortAscii: boolean): string {
    // For short names the loop beats the call into native code.
    if (!shortAscii) return this.#buffer.toString("utf8", from, to);
    let text = "";
    for (let at = from; at < to; at++) text += String.fromCharCode(this.#buffer[at]!);
    return text;
  }

  #string(end: number): string {
    const length = this.#int32(end);
    if (length < 1) throw invalidBson("string length");
    const from = this.#take(length, end);
    const to = from + length - 1;
    if (this.#buffer[to] !== 0) throw invalidBson("string is not terminated");
    return this.#buffer.toString("utf8", from, to);
  }

  #nested(end: number): [number, number] {
    const start = this.#at;
    const length = this.#int32(end);
    if (length < 5 || start + length >= end) throw invalidBson("embedded document length");
    return [start, start + length];
  }

  #copy(length: number, end: number): Uint8Array {
    const from = this.#take(length, end);
    return Uint8Array.prototype.slice.call(this.#buffer, from, from + length);
  }

  #value(type: number, end: number, depth: number): Value {
    switch (type) {
      case 0x01:
        return asDouble(this.#buffer.readDoubleLE(this.#take(8, end)));
      case 0x02:
        return this.#string(end);
      case 0x03:
        return this.document(...this.#nested(end), depth + 1);
      case 0x04:
        return this.#array(...this.#nested(end), depth + 1);
      case 0x05: {
        const length = this.#int32(end);
        const subtype = this.#buffer[this.#take(1, end)]!;
        return new Bin(subtype, this.#copy(length, end));
      }
      case 0x07:
        return new Oid(this.#copy(12, end));
      case 0x08:
        return this.#buffer[this.#take(1, end)] === 1;
      case 0x09: {
        const ms = Number(this.#buffer.readBigInt64LE(this.#take(8, end)));
        if (Math.abs(ms) > 8.64e15) throw new CommandError(2, "date is outside the supported range");
        return new Date(ms);
      }
      case 0x0a:
        return null;
      case 0x0b: {
        const pattern = this.#cstring(end);
        return new Regex(pattern, this.#cstring(end));
      }
      case 0x0d:
        return new Code(this.#string(end));
      case 0x0f: {
        this.#int32(end);
        const code = this.#string(end);
        return new Code(code, this.document(...this.#nested(end), depth + 1));
      }
      case 0x10:
        return this.#int32(end);
      case 0x11:
        return new Stamp(this.#buffer.readBigUInt64LE(this.#take(8, end)));
      case 0x12:
        return this.#buffer.readBigInt64LE(this.#take(8, end));
      case 0x13:
        return new Decimal(this.#copy(16, end));
      case 0xff:
        return new MinKey();
      case 0x7f:
        return new MaxKey();
    }
    throw invalidBson(`type 0x${type.toString(16)} is not supported`);
  }
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

function writeInt64(value: bigint): void {
  const at = reserve(8);
  scratch.writeBigInt64LE(value, at);
}

function writeUInt64(value: bigint): void {
  const at = reserve(8);
  scratch.writeBigUInt64LE(value, at);
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
  if (depth > MAX_DEPTH + 20) throw new CommandError(15, "Document nesting exceeds the limit");
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
    writeUInt64(value.bits);
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
