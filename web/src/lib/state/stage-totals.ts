import type { Pipeline, Total } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Bucket } from "@dmtracker/shared/pipeline/apply-event.ts";

type Counted = Pick<Bucket, "stageId" | "value">;

/** A contact that own pending changes show elsewhere than it was counted; undefined where it is not to be counted. */
export type Shift = { from: Counted | undefined; to: Counted | undefined };

/** Count and value per stage: the saved totals with own pending changes on top, never what happens to be loaded. */
export function stageTotals(pipeline: Pipeline, shifts: readonly Shift[]): Map<string, Total> {
  const totals = new Map<string, Total>();
  for (const { id } of pipeline.stages) {
    const total = { count: 0, value: 0 };
    for (const part of Object.values(pipeline.totals[id] ?? {})) {
      total.count += part.count;
      total.value += part.value;
    }
    totals.set(id, total);
  }
  for (const { from, to } of shifts) {
    if (from) add(totals.get(from.stageId), -1, from.value);
    if (to) add(totals.get(to.stageId), 1, to.value);
  }
  return totals;
}

/** The server's counts of what matches, with own changes that it has not counted yet. */
export function filteredTotals(
  counted: Readonly<Record<string, Total>>,
  shifts: readonly Shift[],
): Map<string, Total> {
  const totals = new Map(Object.entries(counted).map(([stageId, total]) => [stageId, { ...total }]));
  for (const { from, to } of shifts) {
    if (from) add(totals.get(from.stageId), -1, from.value);
    if (!to) continue;
    if (!totals.has(to.stageId)) totals.set(to.stageId, { count: 0, value: 0 });
    add(totals.get(to.stageId), 1, to.value);
  }
  return totals;
}

function add(total: Total | undefined, sign: 1 | -1, value: number | null): void {
  if (!total) return;
  total.count += sign;
  total.value += sign * (value ?? 0);
}
