import { searchTextOf } from "@dmtracker/shared/pipeline/filter.ts";
import mongoose, { type ClientSession } from "mongoose";
import { ContactModel, type ContactRecord } from "./contact.model.ts";
import type { RosterEntry } from "./roster.ts";

const READ_AT_ONCE = 5_000;

const FIELDS = {
  leadStatus: 1,
  stageId: 1,
  conversationStatus: 1,
  tagIds: 1,
  assigneeId: 1,
  source: 1,
  createdAt: 1,
  lastMessageAt: 1,
  statusChangedAt: 1,
  lastActivityAt: 1,
  searchTerms: 1,
  username: 1,
  value: 1,
  rank: 1,
} satisfies Partial<Record<keyof ContactRecord, 1>>;

type Read = Pick<ContactRecord, "_id" | keyof typeof FIELDS>;

/** Few ids and words are shared by very many contacts: one copy of each is kept. */
class Shared {
  readonly #texts = new Map<string, string>();

  of<T extends string>(text: T): T {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return (known as T | undefined) ?? text;
  }
}

function toEntry(record: Read, shared: Shared): RosterEntry {
  return {
    id: record._id.toHexString(),
    leadStatus: shared.of(record.leadStatus),
    stageId: shared.of(record.stageId.toHexString()),
    conversationStatus: record.conversationStatus && shared.of(record.conversationStatus),
    tagIds: record.tagIds.map((id) => shared.of(id.toHexString())),
    assigneeId: record.assigneeId && shared.of(record.assigneeId.toHexString()),
    source: shared.of(record.source),
    createdAt: record.createdAt.getTime(),
    lastMessageAt: record.lastMessageAt?.getTime() ?? null,
    statusChangedAt: record.statusChangedAt.getTime(),
    lastActivityAt: record.lastActivityAt.getTime(),
    searchText: searchTextOf(record.searchTerms ?? []),
    username: record.username,
    value: record.value,
    rank: record.rank,
  };
}

async function read(filter: object, session: ClientSession): Promise<RosterEntry[]> {
  const shared = new Shared();
  const records = ContactModel.collection.find<Read>(filter, {
    projection: FIELDS,
    batchSize: READ_AT_ONCE,
    session,
  });
  const entries: RosterEntry[] = [];
  for await (const record of records) entries.push(toEntry(record, shared));
  return entries;
}

export function readRoster(pipelineId: string, session: ClientSession): Promise<RosterEntry[]> {
  return read({ pipelineId: new mongoose.Types.ObjectId(pipelineId) }, session);
}

export function readRosterEntries(
  pipelineId: string,
  ids: Iterable<string>,
  session: ClientSession,
): Promise<RosterEntry[]> {
  const wanted = [...ids].map((id) => new mongoose.Types.ObjectId(id));
  return read({ _id: { $in: wanted }, pipelineId: new mongoose.Types.ObjectId(pipelineId) }, session);
}
