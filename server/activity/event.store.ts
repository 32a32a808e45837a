import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import mongoose, { type ClientSession } from "mongoose";
import { EventModel, toEvent, toEventRecord, type EventRecord } from "./event.model.ts";

/** Few enough that others get their turn between two batches. */
export const READ_AT_ONCE = 500;

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

/**
 * The records of a pipeline from after one number up to another, a batch at a time: what is written there does not
 * change any more. Whole ones: picking fields costs the built-in database more than sending them.
 */
export function readRecords(
  pipelineId: string,
  { after = 0, head }: { after?: number; head: number },
  order: "oldest first" | "newest first",
): AsyncIterable<EventRecord> {
  return EventModel.collection
    .find<EventRecord>(
      { pipelineId: new mongoose.Types.ObjectId(pipelineId), seq: { $gt: after, $lte: head } },
      { batchSize: READ_AT_ONCE },
    )
    .sort({ seq: order === "oldest first" ? 1 : -1 });
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

/** Events of these contacts from a number on, in order, by contact. */
export async function findHistories(
  contactIds: readonly string[],
  fromSeq: number,
): Promise<Map<string, PipelineEvent[]>> {
  const records = await EventModel.find({ contactId: { $in: [...contactIds] }, seq: { $gte: fromSeq } })
    .sort({ seq: 1 })
    .lean<EventRecord[]>();
  const histories = new Map<string, PipelineEvent[]>();
  for (const record of records) {
    const event = toEvent(record);
    const history = histories.get(event.contactId ?? "");
    if (history) history.push(event);
    else histories.set(event.contactId ?? "", [event]);
  }
  return histories;
}

export type EventsOf = { batchId: string } | { actorId: string; since: Date };

export type Footprint = {
  pipelineId: string;
  /** In how many pipelines: what belongs to the whole organization, such as a tag, is changed in all of them. */
  pipelines: number;
  contactIds: string[];
  fromSeq: number;
  untilSeq: number;
  lastAt: Date;
  /** Who began it: people and programs, not the rules that answered. */
  authors: Actor[];
  /** The same with the rules. */
  involved: Actor[];
};

/** What one batch, or one author since a moment, has touched in a pipeline; undefined when it is nothing. */
export async function findFootprint(
  organizationId: string,
  pipelineId: string | undefined,
  wanted: EventsOf,
): Promise<Footprint | undefined> {
  const inPipeline = pipelineId === undefined ? {} : { pipelineId };
  const query =
    "batchId" in wanted
      ? { organizationId, ...inPipeline, batchId: wanted.batchId }
      : {
          organizationId,
          ...inPipeline,
          at: { $gte: wanted.since },
          $or: [{ "actor.id": wanted.actorId }, { "cause.actor.id": wanted.actorId }],
        };
  type Found = Pick<EventRecord, "pipelineId" | "contactId" | "seq" | "actor" | "cause" | "at">;
  const fields = { pipelineId: 1, contactId: 1, seq: 1, actor: 1, cause: 1, at: 1 } as const;
  const events = EventModel.find(query, fields).lean<Found[]>().cursor() as AsyncIterable<Found>;
  const contactIds = new Set<string>();
  const pipelineIds = new Set<string>();
  const authors = new Map<string | null, Actor>();
  const involved = new Map<string | null, Actor>();
  let found: { pipelineId: string; fromSeq: number; untilSeq: number; lastAt: Date } | undefined;
  for await (const { contactId, seq, actor, cause, at, ...event } of events) {
    if (!contactId) continue;
    contactIds.add(contactId.toHexString());
    pipelineIds.add(event.pipelineId.toHexString());
    // A follow-up that ends because a rule closed the deal is its author's, and names the rule as its cause.
    const author = actor.type === "automation" ? (cause?.actor ?? actor) : actor;
    authors.set(author.id, author);
    for (const one of [actor, ...(cause ? [cause.actor] : [])]) involved.set(one.id, one);
    found ??= { pipelineId: event.pipelineId.toHexString(), fromSeq: seq, untilSeq: seq, lastAt: at };
    found.fromSeq = Math.min(found.fromSeq, seq);
    found.untilSeq = Math.max(found.untilSeq, seq);
    if (at > found.lastAt) found.lastAt = at;
  }
  return (
    found && {
      ...found,
      pipelines: pipelineIds.size,
      contactIds: [...contactIds],
      authors: [...authors.values()],
      involved: [...involved.values()],
    }
  );
}
