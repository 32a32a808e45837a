import type { ArrangingEvent } from "@dmtracker/shared/pipeline/unfold-board.ts";
import { EventModel, REPLAY_DAYS, toEvent, type EventRecord } from "./event.model.ts";
import { READ_AT_ONCE, readRecords } from "./event.store.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";

const DAY_MS = 86_400_000;

/** From which moment on the log holds everything: its earliest event, or later when places were forgotten. */
export async function findCompleteSince(
  pipelineId: string,
  now: Date,
): Promise<{ since: Date; isMoving: boolean }> {
  const first = await EventModel.findOne({ pipelineId }, { at: 1 })
    .sort({ at: 1 })
    .lean<Pick<EventRecord, "at"> | null>();
  const forgotten = now.getTime() - REPLAY_DAYS * DAY_MS;
  const begin = first?.at.getTime() ?? now.getTime();
  return { since: new Date(Math.max(begin, forgotten)), isMoving: forgotten > begin };
}

/** All events of a pipeline from after one number up to another, the newest first. */
export async function* readBackwards(
  pipelineId: string,
  range: { after: number; head: number },
): AsyncGenerator<ArrangingEvent> {
  const records = readRecords(pipelineId, range, "newest first");
  for await (const { seq, type, contactId, before, after: then } of records) {
    yield { seq, type, contactId: contactId?.toHexString() ?? null, before, after: then };
  }
}

/** The histories of these contacts up to a number, each in order. */
export async function* readHistoriesUpTo(
  contactIds: readonly string[],
  seq: number,
): AsyncGenerator<PipelineEvent> {
  if (contactIds.length === 0) return;
  const records = EventModel.find({ contactId: { $in: [...contactIds] }, seq: { $lte: seq } })
    .sort({ seq: 1 })
    .lean<EventRecord[]>()
    .cursor({ batchSize: READ_AT_ONCE });
  for await (const record of records as AsyncIterable<EventRecord>) yield toEvent(record);
}
