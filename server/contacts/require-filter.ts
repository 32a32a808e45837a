import { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { filterFromQuery } from "@dmtracker/shared/pipeline/filter-query.ts";
import type { Request } from "express";
import { AppError } from "#server/platform/app-error.ts";

/**
 * The filter in a request's query. A page leaves out what it cannot read; a program is told, or it would take
 * everything for what it asked for. Keys of `others` belong to the route.
 */
export function requireFilter(request: Request, others: readonly string[] = []): ContactFilter {
  return requireFilterIn(new URL(request.originalUrl, "http://localhost").searchParams, others);
}

/** Likewise, of a query that stands in a body. */
export function requireFilterIn(query: URLSearchParams, others: readonly string[] = []): ContactFilter {
  const { filter, dropped } = filterFromQuery(query, others);
  if (dropped.length === 0) return ContactFilter.parse(filter);
  const issues = dropped.map(({ key, message }) => ({ path: key, message }));
  throw new AppError("invalid", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
    issues,
  });
}
