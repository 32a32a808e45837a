import type { PipelineSummary } from "@dmtracker/shared/contracts/pipeline.ts";

/** Stands for every pipeline, those that are made later too. */
export const ALL = "all";

/** What a wins screen may show: all pipelines, or one of them. */
export function winsOf(pipelines: readonly PipelineSummary[]): { value: string; label: string }[] {
  return [
    { value: ALL, label: "All pipelines" },
    ...pipelines.map(({ id, name }) => ({ value: id, label: name })),
  ];
}

/** What an address names; who has several pipelines expects all of them. */
export function shownBy(named: string | null, pipelines: readonly PipelineSummary[]): string {
  const known = named === ALL || pipelines.some(({ id }) => id === named);
  if (named !== null && known) return named;
  return pipelines.length > 1 ? ALL : (pipelines[0]?.id ?? "");
}
