/** Long enough to tell a UTF-8 sequence from anything else. */
const LONGEST_SEQUENCE = 4;

const BOMS = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
] as const;

function encodingOfBom(bytes: Buffer): string | undefined {
  return BOMS.find((bom) => bom.bytes.every((byte, at) => bytes[at] === byte))?.encoding;
}

const firstAbove127 = (bytes: Buffer): number => bytes.findIndex((byte) => byte > 127);

function startsLikeUtf8(bytes: Buffer): boolean {
  const [first = 0] = bytes;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.length < length) return false;
  return bytes.subarray(1, length).every((byte) => (byte & 0xc0) === 0x80);
}

/**
 * Bytes as text, piece by piece. A mark at the beginning names the encoding; without one the first character beyond
 * ASCII tells UTF-8 from the Windows-1252 that spreadsheets save.
 */
export class TextReader {
  #decoder: TextDecoder | undefined;
  #held = Buffer.alloc(0);
  #begun = false;

  get encoding(): string {
    return this.#decoder?.encoding ?? "utf-8";
  }

  read(chunk: Buffer, isLast = false): string {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = Buffer.alloc(0);
    if (!this.#begun && !this.#decoder) {
      if (bytes.length < LONGEST_SEQUENCE && !isLast) return this.#hold(bytes, "");
      this.#begun = true;
      const marked = encodingOfBom(bytes);
      if (marked) this.#decoder = new TextDecoder(marked);
    }
    if (this.#decoder) return this.#decoder.decode(bytes, { stream: !isLast });
    const at = firstAbove127(bytes);
    if (at < 0) return bytes.toString("latin1");
    const tail = bytes.subarray(at);
    if (tail.length < LONGEST_SEQUENCE && !isLast) {
      return this.#hold(tail, bytes.subarray(0, at).toString("latin1"));
    }
    this.#decoder = new TextDecoder(startsLikeUtf8(tail) ? "utf-8" : "windows-1252");
    return this.#decoder.decode(bytes, { stream: !isLast });
  }

  #hold(bytes: Buffer, text: string): string {
    this.#held = Buffer.from(bytes);
    return text;
  }
}
