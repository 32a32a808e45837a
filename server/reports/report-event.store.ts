import { EventModel, type EventRecord } from "#server/activity/event.model.ts";
import mongoose from "mongoose";
import type { ReportEvent } from "./report-book.ts";

/** Few enough that others get their turn between two batches. */
const READ_AT_ONCE = 500;

/** Events of a pipeline in order, from after one number up to another. */
export async function* readReportEvents(
  pipelineId: string,
  { after, head }: { after: number; head: number },
): AsyncGenerator<ReportEvent> {
  const records = EventModel.collection
    .find<EventRecord>(
      { pipelineId: new mongoose.Types.ObjectId(pipelineId), seq: { $gt: after, $lte: head } },
      { batchSize: READ_AT_ONCE },
    )
    .sort({ seq: 1 });
  for await (const { contactId, at, ...rest } of records) {
    yield { ...rest, contactId: contactId?.toHexString() ?? null, at: at.toISOString() };
  }
}
