import { defuseCell } from "@dmtracker/shared/pipeline/csv-words.ts";
import { stringify } from "csv-stringify/browser/esm/sync";
import type { Table } from "./report-tables.ts";

/** A table as a file, in which no text acts as a formula: defused as in every file of ours [EX2]. */
export function csvOf({ columns, rows }: Table): string {
  const cells = rows.map((row) => row.map(({ raw }) => raw));
  return stringify([columns.map(({ label }) => label), ...cells], {
    cast: { string: defuseCell },
    bom: true,
  });
}

export function saveCsv(table: Table, period: string): void {
  const url = URL.createObjectURL(new Blob([csvOf(table)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${table.name} ${period}.csv`
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .replace("-.csv", ".csv");
  link.click();
  URL.revokeObjectURL(url);
}
