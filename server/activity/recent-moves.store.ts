import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { EventModel, toEvent, type EventRecord } from "./event.model.ts";

const READ_AT_ONCE = 1_000;
const MOVES: ReadonlySet<string> = new Set([
  "contact.created",
  "contact.stage_changed",
  "contact.status_changed",
  "contact.removed",
  "contact.restored",
]);

/**
 * Events since a moment that put contacts into stages and statuses, or take them off the board, in order. The log is read from its end, so that
 * the order of numbers, which always has an index, is all that is needed.
 */
export async function findMovesSince(
  pipelineId: string,
  since: Date,
  limit: number,
): Promise<{ events: PipelineEvent[]; partial: boolean }> {
  const events: PipelineEvent[] = [];
  let read = 0;
  const records = EventModel.find({ pipelineId })
    .sort({ seq: -1 })
    .lean<EventRecord[]>()
    .cursor({ batchSize: READ_AT_ONCE });
  for await (const record of records as AsyncIterable<EventRecord>) {
    if (record.at < since) break;
    if (read === limit) return { events: events.reverse(), partial: true };
    read += 1;
    if (MOVES.has(record.type)) events.push(toEvent(record));
  }
  return { events: events.reverse(), partial: false };
}
