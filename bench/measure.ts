import { appendFileSync } from "node:fs";

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** `id`: the target that the row is about (docs/performance.md); `isReached` is left out where a row has no target. */
export type Row = {
  id?: string;
  row: string;
  floor: string;
  product: string;
  ratio: string;
  target: string;
  isReached?: boolean;
};

const verdict = ({ isReached }: Row): string =>
  isReached === undefined ? "" : isReached ? "reached" : "NOT reached";

/** Prints a table for people; with BENCH_JSON set, the rows go into that file as well, a table a line. */
export function printTable(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  console.table(
    Object.fromEntries(
      rows.map((one) => {
        const { id, row, floor, product, ratio, target } = one;
        return [id ? `${id} ${row}` : row, { floor, product, ratio, target, verdict: verdict(one) }];
      }),
    ),
  );
  const { BENCH_JSON } = process.env;
  if (BENCH_JSON) appendFileSync(BENCH_JSON, `${JSON.stringify({ title, rows })}\n`);
}

export const ms = (value: number): string => `${value.toFixed(2)} ms`;
export const times = (value: number): string => `${value.toFixed(2)} x`;
export const atMost = (value: number, limit: number): Pick<Row, "target" | "isReached" | "ratio"> => ({
  ratio: times(value),
  target: `<= ${limit} x`,
  isReached: value <= limit,
});
export const atLeast = (value: number, limit: number): Pick<Row, "target" | "isReached" | "ratio"> => ({
  ratio: times(value),
  target: `>= ${limit} x`,
  isReached: value >= limit,
});
