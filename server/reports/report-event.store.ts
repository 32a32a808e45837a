import { readRecords } from "#server/activity/event.store.ts";
import type { ReportEvent } from "./report-book.ts";

/** Events of a pipeline in order, from after one number up to another. */
export async function* readReportEvents(
  pipelineId: string,
  range: { after: number; head: number },
): AsyncGenerator<ReportEvent> {
  for await (const { contactId, at, ...rest } of readRecords(pipelineId, range, "oldest first")) {
    yield { ...rest, contactId: contactId?.toHexString() ?? null, at: at.toISOString() };
  }
}
