import { createGunzip } from "node:zlib";
import { Readable } from "node:stream";
import { AppError, invalidField } from "#server/platform/app-error.ts";

/** Unpacked. */
const MAX_FILE_BYTES = 2 * 1024 * 1024 * 1024;
/** A move of a whole column in one line is far below this. */
const MAX_LINE_LENGTH = 8 * 1024 * 1024;
const GZIP = [0x1f, 0x8b];

const isPacked = (bytes: Buffer): boolean => GZIP.every((byte, at) => bytes[at] === byte);

/** The bytes as they are, unpacked when they begin as gzip does. */
async function* unpack(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = bytes[Symbol.asyncIterator]();
  const first = await reader.next();
  if (first.done === true) return;
  const value: Buffer = first.value;
  async function* all(): AsyncGenerator<Buffer> {
    yield value;
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) yield next.value;
  }
  if (!isPacked(value)) {
    yield* all();
    return;
  }
  const source = Readable.from(all());
  const unpacked = createGunzip();
  source.on("error", (error) => unpacked.destroy(error));
  try {
    for await (const chunk of source.pipe(unpacked)) yield chunk as Buffer;
  } catch (error) {
    throw (error as { code?: string }).code?.startsWith("Z_")
      ? invalidField("file", "is no readable gzip file: it may be cut off")
      : error;
  }
}

/** The lines of a file while it arrives, numbered from 1; empty ones are left out. */
export async function* readLines(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<{ line: number; text: string }> {
  const decoder = new TextDecoder();
  let length = 0;
  let line = 0;
  let rest = "";
  for await (const chunk of unpack(bytes)) {
    length += chunk.length;
    if (length > MAX_FILE_BYTES) throw new AppError("too_large", "A file may have at most 2 GB unpacked");
    const texts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = texts.pop() ?? "";
    if (rest.length > MAX_LINE_LENGTH)
      throw invalidField("file", `line ${line + texts.length + 1} is too long`);
    for (const text of texts) {
      line += 1;
      if (text.trim() !== "") yield { line, text };
    }
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield { line: line + 1, text: rest };
}
