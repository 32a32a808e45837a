import { MAX_IMPORT_BYTES } from "@dmtracker/shared/contracts/import-fields.ts";
import { findDelimiter } from "@dmtracker/shared/pipeline/csv-words.ts";
import { CsvError, parse } from "csv-parse";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { TextReader } from "./decode-text.ts";

/** Enough of a file to see what separates its cells. */
const HEAD_LENGTH = 32_768;
const MAX_RECORD_LENGTH = 262_144;

export type Upload = {
  /** Known from the first record on. */
  found: { delimiter: string; encoding: string };
  records: AsyncIterable<string[]>;
};

async function* readText(bytes: AsyncIterable<Buffer>, text: TextReader): AsyncGenerator<string> {
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > MAX_IMPORT_BYTES) {
      const limit = MAX_IMPORT_BYTES / 1_048_576;
      throw new AppError("too_large", `A file may have at most ${limit} MB: split it`);
    }
    yield text.read(chunk);
  }
  yield text.read(Buffer.alloc(0), true);
}

async function* readRecords(bytes: AsyncIterable<Buffer>, found: Upload["found"]): AsyncGenerator<string[]> {
  const reader = new TextReader();
  const text = readText(bytes, reader);
  let head = "";
  while (head.length < HEAD_LENGTH) {
    const next = await text.next();
    if (next.done === true) break;
    head += next.value;
  }
  found.delimiter = findDelimiter(head);
  const parser = parse({
    delimiter: found.delimiter,
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_RECORD_LENGTH,
  });
  const feed = async (): Promise<void> => {
    const write = async (part: string): Promise<void> => {
      if (part === "" || parser.write(part)) return;
      await new Promise<void>((resolve) => {
        // An error closes the parser and drains nothing.
        parser.once("drain", resolve);
        parser.once("close", resolve);
      });
    };
    await write(head);
    for await (const part of text) await write(part);
    parser.end();
  };
  const feeding = feed().catch((error: unknown) => parser.destroy(error as Error));
  for await (const record of parser as AsyncIterable<string[]>) {
    found.encoding = reader.encoding;
    yield record;
  }
  found.encoding = reader.encoding;
  await feeding;
}

/** The records of a CSV file while it arrives, whatever its encoding and its delimiter. */
export function readUpload(bytes: AsyncIterable<Buffer>): Upload {
  const found = { delimiter: ",", encoding: "utf-8" };
  return { found, records: readRecords(bytes, found) };
}

/** What the file itself does wrong, in words. */
export function asUploadError(error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  const line = typeof error.lines === "number" ? ` near line ${error.lines}` : "";
  return invalidField("file", `is no readable CSV${line}: ${error.message}`);
}
