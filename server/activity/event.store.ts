import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ClientSession } from "mongoose";
import { EventModel, toEvent, toEventRecord, type EventRecord } from "./event.model.ts";

/** Appends events to the log inside the running transaction. The only writer of history. */
export async function appendEvents(
  events: readonly PipelineEvent[],
  organizationId: string,
  session: ClientSession,
): Promise<void> {
  if (events.length === 0) return;
  const records = events.map((event) => toEventRecord(event, organizationId));
  await EventModel.collection.insertMany(records, { session });
}

/** Events of a pipeline after a number, in order. */
export async function findEventsAfter(
  pipelineId: string,
  seq: number,
  limit: number,
): Promise<PipelineEvent[]> {
  const records = await EventModel.find({ pipelineId, seq: { $gt: seq } })
    .sort({ seq: 1 })
    .limit(limit)
    .lean<EventRecord[]>();
  return records.map(toEvent);
}

/**
 * The contacts that a run of events changed; undefined when the log no longer holds all of them (new places within
 * a column are forgotten after a while).
 */
export async function findChangedContactIds(
  pipelineId: string,
  { after, count }: { after: number; count: number },
  session: ClientSession,
): Promise<Set<string> | undefined> {
  const records = await EventModel.find(
    { pipelineId, seq: { $gt: after, $lte: after + count } },
    { contactId: 1, "after.ranks": 1 },
  )
    .session(session)
    .lean<Pick<EventRecord, "contactId" | "after">[]>();
  if (records.length < count) return undefined;
  return new Set(
    records.flatMap(({ contactId, after: { ranks } }) => [
      ...(contactId ? [contactId.toHexString()] : []),
      ...Object.keys(ranks ?? {}),
    ]),
  );
}
