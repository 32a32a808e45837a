import { stringify } from "csv-stringify/browser/esm/sync";
import type { Table } from "./report-tables.ts";

/** A table as a file. Cells that a spreadsheet would take for a formula are defused by the library. */
export function csvOf({ columns, rows }: Table): string {
  const cells = rows.map((row) => row.map(({ raw }) => raw));
  return stringify([columns.map(({ label }) => label), ...cells], { escape_formulas: true, bom: true });
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
