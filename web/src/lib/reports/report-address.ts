import { filterFromQuery, queryText } from "@dmtracker/shared/pipeline/filter-query.ts";
import type { ReportScope } from "./report-links.ts";

const KEYS = ["period", "assignee", "source", "booking"];

/** What an address asks of the server. */
export function askedBy(address: URLSearchParams, pipelineId: string): URLSearchParams {
  const asked = new URLSearchParams({ pipeline_id: pipelineId });
  for (const key of KEYS) {
    const value = address.get(key);
    if (value) asked.set(key, value);
  }
  return asked;
}

/** Whom it is about. */
export function scopeOf(address: URLSearchParams): ReportScope {
  const { assigneeId, source } = filterFromQuery(address, ["period", "booking"]).filter;
  return { ...(assigneeId && { assigneeId }), ...(source && { source }) };
}

/** The address with one choice more, or less. */
export function addressWith(address: URLSearchParams, key: string, value: string): string {
  const next = new URLSearchParams(address);
  if (value === "") next.delete(key);
  else next.set(key, value);
  return queryText(next);
}
