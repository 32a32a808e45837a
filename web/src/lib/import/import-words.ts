import type { Import, ImportCounts } from "@dmtracker/shared/contracts/imports.ts";
import { formatValue } from "@dmtracker/shared/pipeline/money.ts";

export const COUNTS = [
  { name: "created", label: "New" },
  { name: "updated", label: "Updated" },
  { name: "unchanged", label: "Unchanged" },
  { name: "refused", label: "With errors" },
] as const satisfies { name: keyof ImportCounts; label: string }[];

export function describeRun({ run }: Import): string {
  if (!run) return "Not imported yet";
  if (run.state === "running") return `${formatValue(run.done)} of ${formatValue(run.total)} rows`;
  if (run.state === "cancelled") return `Cancelled after ${formatValue(run.done)} rows`;
  return run.state === "failed" ? `Stopped after ${formatValue(run.done)} rows` : "Imported";
}
