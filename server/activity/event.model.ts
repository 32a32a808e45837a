import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { isActivity } from "@dmtracker/shared/pipeline/apply-event.ts";
import mongoose, { type Types } from "mongoose";

/** How long events that are no history (a new place in a column) stay replayable. */
export const REPLAY_DAYS = 30;
const DAY_MS = 86_400_000;

export type EventRecord = Omit<PipelineEvent, "pipelineId" | "contactId" | "at"> & {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  pipelineId: Types.ObjectId;
  contactId: Types.ObjectId | null;
  at: Date;
  /** Set on events that may be forgotten after `REPLAY_DAYS`; a contact's history is kept for ever. */
  expireAt?: Date;
};

const { ObjectId, Mixed } = mongoose.Schema.Types;

const fields = {
  organizationId: ObjectId,
  pipelineId: ObjectId,
  seq: Number,
  type: String,
  contactId: ObjectId,
  username: String,
  before: Mixed,
  after: Mixed,
  actor: Mixed,
  cause: Mixed,
  batchId: String,
  undoes: Mixed,
  at: Date,
  expireAt: Date,
} satisfies Record<Exclude<keyof EventRecord, "_id">, unknown>;

const schema = new mongoose.Schema(
  // `type` is a field of ours here, not mongoose's way to declare one.
  Object.fromEntries(Object.entries(fields).map(([name, kind]) => [name, { $type: kind }])),
  { versionKey: false, strict: "throw", minimize: false, typeKey: "$type" },
);
schema.index({ pipelineId: 1, seq: 1 }, { unique: true });
schema.index({ contactId: 1, seq: -1 });
// Lines of one kind by one kind of actor, in order: what is rare is found without reading what is not.
schema.index({ pipelineId: 1, type: 1, "actor.type": 1, seq: -1 });
// What one call did, and what happened since a moment: to take it back.
schema.index({ batchId: 1, seq: 1 });
schema.index({ pipelineId: 1, at: 1 });
schema.index({ expireAt: 1 }, { expireAfterSeconds: 0 });

export const EventModel = mongoose.model<EventRecord>(
  "Event",
  schema as unknown as mongoose.Schema<EventRecord>,
  "events",
);

export function toEvent(record: EventRecord): PipelineEvent {
  const { pipelineId, seq, type, contactId, username, before, after, actor, cause, batchId, at, undoes } =
    record;
  return {
    pipelineId: pipelineId.toHexString(),
    seq,
    type,
    contactId: contactId?.toHexString() ?? null,
    username,
    before,
    after,
    actor,
    cause,
    batchId,
    ...(undoes && { undoes }),
    at: at.toISOString(),
  };
}

export function toEventRecord(event: PipelineEvent, organizationId: string): EventRecord {
  const at = new Date(event.at);
  return {
    ...event,
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    pipelineId: new mongoose.Types.ObjectId(event.pipelineId),
    contactId: event.contactId ? new mongoose.Types.ObjectId(event.contactId) : null,
    at,
    ...(isActivity(event.type) ? {} : { expireAt: new Date(at.getTime() + REPLAY_DAYS * DAY_MS) }),
  };
}
