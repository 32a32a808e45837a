import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { defuseCell } from "@dmtracker/shared/pipeline/csv-words.ts";
import { stringify } from "csv-stringify";
import type { Response } from "express";

export type Cell = string | number | null;

/**
 * Answers with a CSV file, row by row as the reader takes them: it may have any length. No text in it is a formula to
 * a spreadsheet; the mark at its beginning tells Excel that it is UTF-8.
 */
export async function answerCsv(
  response: Response,
  { name, columns, rows }: { name: string; columns: readonly string[]; rows: AsyncIterable<Cell[]> },
): Promise<void> {
  response.setHeader("content-type", "text/csv; charset=utf-8");
  response.setHeader("content-disposition", `attachment; filename="${name}.csv"`);
  const writer = stringify({
    bom: true,
    header: true,
    columns: [...columns],
    cast: { string: defuseCell },
    record_delimiter: "\r\n",
  });
  await pipeline(Readable.from(rows, { objectMode: true }), writer, response);
}
