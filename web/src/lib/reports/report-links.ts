import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Report, ReportFigure } from "@dmtracker/shared/contracts/reports.ts";
import { filterToQuery, queryText } from "@dmtracker/shared/pipeline/filter-query.ts";

/** Who a report is about, as its address says it. */
export type ReportScope = Pick<ContactFilter, "assigneeId" | "source">;

type Behind = {
  figure: ReportFigure;
  stage?: string;
  to?: string;
  member?: string;
  status?: string;
  reason?: string;
};

export type ReportLinks = {
  /** The contact list with a filter that finds what was counted. */
  filter(filter: ContactFilter): string;
  /** The contacts behind a number that no filter describes. */
  behind(figure: Behind): string;
};

/** Days are named in full: what a number led to today it leads to tomorrow. */
export function linksOf(
  { from, to, pipelineId, bookingStageId }: Report,
  scope: ReportScope,
  pages: { contacts: string; behind: string },
): ReportLinks {
  const scoped = filterToQuery(scope);
  return {
    filter: (filter) => `${pages.contacts}?${queryText(filterToQuery({ ...filter, ...scope }))}`,
    behind: (figure) => {
      const query = new URLSearchParams({ pipeline_id: pipelineId, period: `${from}..${to}`, ...figure });
      for (const [key, text] of scoped) query.set(key, text);
      if (figure.figure === "booked" && bookingStageId) query.set("booking", bookingStageId);
      return `${pages.behind}?${queryText(query)}`;
    },
  };
}
