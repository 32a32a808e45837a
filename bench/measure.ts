export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Runs `act` from `workers` loops for some time and returns how often it ended per second. */
export async function perSecond(ms: number, workers: number, act: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + ms;
  let done = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      await act();
      done += 1;
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: workers }, loop));
  return (done * 1_000) / (performance.now() - start);
}

export type Row = { row: string; floor: string; product: string; ratio: string; target: string };

export function printTable(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  console.table(Object.fromEntries(rows.map(({ row, ...columns }) => [row, columns])));
}

export const ms = (value: number): string => `${value.toFixed(2)} ms`;
export const times = (value: number): string => `${value.toFixed(2)} x`;
