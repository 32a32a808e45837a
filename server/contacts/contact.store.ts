import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Total } from "@dmtracker/shared/contracts/pipeline.ts";
import mongoose, { type ClientSession, type QueryFilter } from "mongoose";
import {
  ContactModel,
  derivedOf,
  NOT_SHOWN,
  RemovedContactModel,
  toContact,
  type ContactRecord,
  type Touched,
} from "./contact.model.ts";
import { afterPlace, partsOf, toSort, type ContactOrder, type PlaceInOrder } from "./contact-query.ts";

export type StoredContact = { contact: Contact; touched: Touched };

const toStored = (record: ContactRecord): StoredContact => ({
  contact: toContact(record),
  touched: record.touched,
});

/** Contacts of one pipeline by id; those that are absent, removed or elsewhere are simply not in the answer. */
export async function findContactsOfPipeline(pipelineId: string, ids: string[]): Promise<StoredContact[]> {
  const records = await ContactModel.find({ _id: { $in: ids }, pipelineId }).lean<ContactRecord[]>();
  return records.map(toStored);
}

/** Likewise, with those that were removed. */
export async function findAllOfPipeline(pipelineId: string, ids: string[]): Promise<StoredContact[]> {
  const found = await findContactsOfPipeline(pipelineId, ids);
  if (found.length === ids.length) return found;
  const known = new Set(found.map(({ contact }) => contact.id));
  const missing = ids.filter((id) => !known.has(id));
  const query = { _id: { $in: missing }, pipelineId };
  return [...found, ...(await RemovedContactModel.find(query).lean<ContactRecord[]>()).map(toStored)];
}

/** How a caller may name a contact. Nothing outside the organization is ever found. */
export type ContactName = { id: string } | { manychatId: string } | { username: string };

export async function findContact(organizationId: string, name: ContactName): Promise<Contact | undefined> {
  const filter = "id" in name ? { _id: name.id, organizationId } : { organizationId, ...name };
  const record = await ContactModel.findOne(filter).lean<ContactRecord>();
  return record ? toContact(record) : undefined;
}

/** A contact by its id, also when it was removed. */
export async function findEvenRemoved(organizationId: string, id: string): Promise<Contact | undefined> {
  const found = await findContact(organizationId, { id });
  if (found) return found;
  const record = await RemovedContactModel.findOne({ _id: id, organizationId }).lean<ContactRecord>();
  return record ? toContact(record) : undefined;
}

/** The pipeline a contact lives in, or lived in until it was removed: all that a change needs to know to queue. */
export async function findPipelineIdOf(
  organizationId: string,
  contactId: string,
): Promise<string | undefined> {
  for (const model of [ContactModel, RemovedContactModel]) {
    const record = await model
      .findOne({ _id: contactId, organizationId }, { pipelineId: 1 })
      .lean<Pick<ContactRecord, "pipelineId">>();
    if (record) return record.pipelineId.toHexString();
  }
  return undefined;
}

export type PageOfStage = { contacts: Contact[]; more: boolean };

/** One page of a stage in board order, below `after` when given. */
export async function findPageOfStage(
  pipelineId: string,
  stageId: string,
  options: { after?: { rank: string; id: string } | undefined; limit: number; session?: ClientSession },
): Promise<PageOfStage> {
  const { after, limit, session } = options;
  const below = after && {
    $or: [
      { rank: { $gt: after.rank } },
      { rank: after.rank, _id: { $gt: new mongoose.Types.ObjectId(after.id) } },
    ],
    rank: { $gte: after.rank },
  };
  const records = await ContactModel.find({ pipelineId, stageId, ...below }, NOT_SHOWN)
    .sort({ rank: 1, _id: 1 })
    .limit(limit + 1)
    .session(session ?? null)
    .lean<ContactRecord[]>();
  return { contacts: records.slice(0, limit).map(toContact), more: records.length > limit };
}

/** The nearest rank below (`gt`) or above (`lt`) a place in a stage, not counting the contacts in `without`. */
export async function findNeighbourRank(
  stage: { pipelineId: string; stageId: string },
  side: "gt" | "lt",
  rank: string,
  without: string[],
): Promise<string | null> {
  const bound = side === "gt" ? { $gt: rank } : { $lt: rank };
  const record = await ContactModel.findOne(
    { ...stage, rank: bound, ...(without.length > 0 ? { _id: { $nin: without } } : {}) },
    { rank: 1 },
  )
    .sort(side === "gt" ? { rank: 1 } : { rank: -1 })
    .lean<Pick<ContactRecord, "rank">>();
  return record?.rank ?? null;
}

/** Which of these handles and ManyChat ids some contact has: `username kim.fit`. */
export async function findTakenNames(
  organizationId: string,
  names: readonly { field: "username" | "manychatId"; value: string }[],
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const field of ["username", "manychatId"] as const) {
    const values = names.filter((name) => name.field === field).map(({ value }) => value);
    if (values.length === 0) continue;
    const records = await ContactModel.find(
      { organizationId, [field]: { $in: values } },
      { [field]: 1 },
    ).lean<Pick<ContactRecord, typeof field>[]>();
    for (const record of records) taken.add(`${field} ${record[field]}`);
  }
  return taken;
}

/** Contacts that stand exactly at one of these places, not counting those in `without`. */
export async function findContactsAtRanks(
  pipelineId: string,
  places: readonly { stageId: string; rank: string }[],
  without: readonly string[],
): Promise<{ id: string; stageId: string; rank: string }[]> {
  if (places.length === 0) return [];
  const stageIds = [...new Set(places.map(({ stageId }) => stageId))];
  const ranks = [...new Set(places.map(({ rank }) => rank))];
  const records = await ContactModel.find(
    { pipelineId, stageId: { $in: stageIds }, rank: { $in: ranks }, _id: { $nin: [...without] } },
    { stageId: 1, rank: 1 },
  ).lean<Pick<ContactRecord, "_id" | "stageId" | "rank">[]>();
  return records.map(({ _id, stageId, rank }) => ({
    id: _id.toHexString(),
    stageId: stageId.toHexString(),
    rank,
  }));
}

/** The contacts around a rank in board order, and the ranks right outside of them (null: the end of the stage). */
export async function findRanksAround(
  pipelineId: string,
  stageId: string,
  rank: string,
  reach: number,
): Promise<{ ids: string[]; above: string | null; below: string | null }> {
  const find = (bound: { $lt: string } | { $gte: string }, direction: 1 | -1) =>
    ContactModel.find({ pipelineId, stageId, rank: bound }, { rank: 1 })
      .sort({ rank: direction, _id: direction })
      .limit(reach + 1)
      .lean<Pick<ContactRecord, "_id" | "rank">[]>();
  const higher = await find({ $lt: rank }, -1);
  const lower = await find({ $gte: rank }, 1);
  const run = [...higher.slice(0, reach).reverse(), ...lower.slice(0, reach)];
  return {
    ids: run.map(({ _id }) => _id.toHexString()),
    above: higher[reach]?.rank ?? null,
    below: lower[reach]?.rank ?? null,
  };
}

const FILLED_AT_ONCE = 1_000;

/** Gives contacts that were saved by an older version what queries need. An index finds them: where there are none, this costs nothing. */
export async function fillDerived(pipelineId: string): Promise<void> {
  const query = { pipelineId: new mongoose.Types.ObjectId(pipelineId), searchTerms: null };
  const { collection } = ContactModel;
  for (;;) {
    const records = await collection.find<ContactRecord>(query, { limit: FILLED_AT_ONCE }).toArray();
    if (records.length === 0) return;
    await collection.bulkWrite(
      records.map((record) => ({
        // Only what was read is described: a change that comes between has saved its own.
        updateOne: {
          filter: { _id: record._id, version: record.version, searchTerms: null },
          update: { $set: derivedOf(record) },
        },
      })),
    );
  }
}

type PageOptions = {
  stageId?: string | undefined;
  after?: PlaceInOrder | undefined;
  limit: number;
};

/** One page of the contacts that meet all conditions. */
export async function findMatchingPage(
  pipelineId: string,
  conditions: QueryFilter<ContactRecord>[],
  order: ContactOrder,
  { stageId, after, limit }: PageOptions,
): Promise<PageOfStage> {
  const inStage = stageId === undefined ? [] : [{ stageId }];
  const behind = after ? [afterPlace(order, after)] : [];
  const records: ContactRecord[] = [];
  for (const part of partsOf(order)) {
    if (records.length > limit) break;
    const found = ContactModel.find({ $and: [{ pipelineId }, part, ...inStage, ...conditions, ...behind] })
      .sort(toSort(order))
      .limit(limit + 1 - records.length);
    records.push(...(await found.lean<ContactRecord[]>()));
  }
  return { contacts: records.slice(0, limit).map(toContact), more: records.length > limit };
}

/** Ids of all contacts that meet all conditions, in board order within each stage. */
export async function findMatchingIds(
  pipelineId: string,
  conditions: QueryFilter<ContactRecord>[],
): Promise<string[]> {
  const records = await ContactModel.find({ $and: [{ pipelineId }, ...conditions] }, { _id: 1 })
    .sort({ stageId: 1, rank: 1, _id: 1 })
    .lean<Pick<ContactRecord, "_id">[]>();
  return records.map(({ _id }) => _id.toHexString());
}

/** How many contacts meet all conditions and what they are worth, by stage. */
export async function sumMatching(
  pipelineId: string,
  conditions: QueryFilter<ContactRecord>[],
): Promise<Record<string, Total>> {
  const sums = await ContactModel.aggregate<{ _id: mongoose.Types.ObjectId } & Total>([
    { $match: { $and: [{ pipelineId: new mongoose.Types.ObjectId(pipelineId) }, ...conditions] } },
    { $group: { _id: "$stageId", count: { $sum: 1 }, value: { $sum: "$value" } } },
  ]);
  return Object.fromEntries(sums.map(({ _id, count, value }) => [_id.toHexString(), { count, value }]));
}

/** Which of these contacts meet all conditions. */
export async function findMatchingAmong(
  pipelineId: string,
  conditions: QueryFilter<ContactRecord>[],
  ids: ReadonlySet<string>,
): Promise<Set<string>> {
  const records = await ContactModel.find(
    { $and: [{ _id: { $in: [...ids] } }, { pipelineId }, ...conditions] },
    { _id: 1 },
  ).lean<Pick<ContactRecord, "_id">[]>();
  return new Set(records.map(({ _id }) => _id.toHexString()));
}
