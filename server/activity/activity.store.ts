import type { ActorKind } from "@dmtracker/shared/contracts/activity.ts";
import type { PipelineEvent, PipelineEventType } from "@dmtracker/shared/contracts/event.ts";
import { ARRANGING, typesOf, type LineFilter } from "@dmtracker/shared/pipeline/activity-kinds.ts";
import { EventModel, toEvent, type EventRecord } from "./event.model.ts";

const ACTORS: readonly ActorKind[] = ["user", "api", "automation", "system"];

/** Whose history: a whole pipeline's or one contact's. */
export type HistoryOf = { pipelineId: string } | { contactId: string };

type Stream = HistoryOf & {
  type: PipelineEventType | { $nin: PipelineEventType[] };
  "actor.type"?: ActorKind;
};

/**
 * A filter as streams that an index holds in order: one per kind of event and actor, so that what is rare is found
 * without reading what is not. A contact's own history is short: one stream, and its lines are looked at.
 */
function streamsOf(of: HistoryOf, { kinds, actors }: LineFilter): Stream[] {
  const isAll = kinds === undefined && actors === undefined;
  if (isAll || "contactId" in of) return [{ ...of, type: { $nin: [...ARRANGING] } }];
  return typesOf(kinds).flatMap((type) =>
    (actors ?? ACTORS).map((actor) => ({ ...of, type, "actor.type": actor })),
  );
}

async function readStream(stream: Stream, before: number, limit: number): Promise<EventRecord[]> {
  return EventModel.find({ ...stream, seq: { $lt: before } })
    .sort({ seq: -1 })
    .limit(limit)
    .lean<EventRecord[]>();
}

/** The newest lines before a number, newest first. */
export async function findLines(
  of: HistoryOf,
  filter: LineFilter,
  { before = Number.MAX_SAFE_INTEGER, limit }: { before?: number | undefined; limit: number },
): Promise<PipelineEvent[]> {
  const read = await Promise.all(streamsOf(of, filter).map((stream) => readStream(stream, before, limit)));
  const newestFirst = read.flat().sort((a, b) => b.seq - a.seq);
  return newestFirst.slice(0, limit).map(toEvent);
}

/**
 * The number of the first event that is not before a moment; one above the head when all are. Numbers grow with
 * time, so it is found like a word in a dictionary: about twenty look-ups in a million.
 */
export async function findSeqAt(pipelineId: string, moment: number): Promise<number> {
  const newest = await EventModel.findOne({ pipelineId }, { seq: 1 })
    .sort({ seq: -1 })
    .lean<Pick<EventRecord, "seq"> | null>();
  let low = 0;
  let high = (newest?.seq ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const event = await EventModel.findOne({ pipelineId, seq: { $gte: middle } }, { seq: 1, at: 1 })
      .sort({ seq: 1 })
      .lean<Pick<EventRecord, "seq" | "at"> | null>();
    if (event && event.at.getTime() < moment) low = event.seq + 1;
    else high = middle;
  }
  return low;
}
