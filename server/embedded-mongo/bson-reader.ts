import { CommandError } from "./errors.ts";
import {
  Bin,
  Code,
  Decimal,
  type Doc,
  MaxKey,
  MinKey,
  Oid,
  Regex,
  Stamp,
  type Value,
  asDouble,
} from "./values.ts";

export const MAX_DEPTH = 180;

export function invalidBson(reason: string): CommandError {
  return new CommandError(22, `Invalid BSON: ${reason}`);
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

/** Takes BSON apart. Every length is checked, because the bytes may come from anyone. */
export class Reader {
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
