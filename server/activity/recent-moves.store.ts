import type { MovingEvent } from "@dmtracker/shared/pipeline/moves.ts";
import { EventModel, type EventRecord } from "./event.model.ts";

const READ_AT_ONCE = 1_000;
const MOVES: ReadonlySet<string> = new Set([
  "contact.created",
  "contact.stage_changed",
  "contact.status_changed",
  "contact.removed",
  "contact.restored",
]);

/** Only that much of each is held: a new contact's event carries all of its fields. */
function toMovingEvent({ seq, type, contactId, before, after, at, ...record }: EventRecord): MovingEvent {
  return {
    seq,
    type,
    contactId: contactId?.toHexString() ?? null,
    username: record.username,
    actor: record.actor,
    cause: record.cause,
    batchId: record.batchId,
    at: at.toISOString(),
    before: { stageId: before.stageId, leadStatus: before.leadStatus },
    after: { stageId: after.stageId, leadStatus: after.leadStatus },
  };
}

/**
 * Events since a moment that put contacts into stages and statuses, or take them off the board, in order. The log is read from its end, so that
 * the order of numbers, which always has an index, is all that is needed.
 */
export async function findMovesSince(
  pipelineId: string,
  since: Date,
  limit: number,
): Promise<{ events: MovingEvent[]; partial: boolean }> {
  const events: MovingEvent[] = [];
  let read = 0;
  const records = EventModel.find({ pipelineId })
    .sort({ seq: -1 })
    .lean<EventRecord[]>()
    .cursor({ batchSize: READ_AT_ONCE });
  for await (const record of records as AsyncIterable<EventRecord>) {
    if (record.at < since) break;
    if (read === limit) return { events: events.reverse(), partial: true };
    read += 1;
    if (MOVES.has(record.type)) events.push(toMovingEvent(record));
  }
  return { events: events.reverse(), partial: false };
}
