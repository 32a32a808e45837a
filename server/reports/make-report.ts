import type { Report, ReportQuery } from "@dmtracker/shared/contracts/reports.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { AppError } from "#server/platform/app-error.ts";
import { countMembers } from "./member-figures.ts";
import { countOutcomes } from "./outcome-figures.ts";
import { viewReport } from "./report-view.ts";
import { countStages } from "./stage-figures.ts";

/** All figures of a period, as of one number of the log. @throws AppError not_found */
export async function makeReport(
  app: AppContext,
  organizationId: string,
  query: ReportQuery,
): Promise<Report> {
  const [pipelineId, { timeZone }, members] = await Promise.all([
    resolvePipelineId(organizationId, query.pipeline_id),
    findSettings(organizationId),
    findMembers(app.auth, organizationId),
  ]);
  const report = await app.reportBooks.read(pipelineId, async (opened): Promise<Report> => {
    const view = viewReport(opened, query, { now: app.now(), timeZone });
    return {
      pipelineId,
      seq: opened.book.seq,
      timeZone,
      from: view.days.first,
      to: view.days.last,
      until: new Date(view.until).toISOString(),
      bookingStageId: opened.book.texts.textOf(view.bookingStage),
      ...(await countOutcomes(view)),
      ...(await countStages(view)),
      members: await countMembers(view, members),
    };
  });
  if (!report) throw new AppError("not_found", "No such pipeline");
  return report;
}
