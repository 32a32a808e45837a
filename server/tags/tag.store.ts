import type { TagChange } from "@dmtracker/shared/contracts/organization-rest.ts";
import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import mongoose, { type ClientSession } from "mongoose";
import { ContactModel } from "#server/contacts/contact.model.ts";
import { AppError } from "#server/platform/app-error.ts";
import { TagModel, toTag, type TagRecord } from "./tag.model.ts";

/** Quiet hues: a tag must not compete with the lead status. */
const COLOURS = ["#64748b", "#0e7490", "#4d7c0f", "#a16207", "#9d174d", "#6d28d9", "#1d4ed8", "#9a3412"];

export async function findTags(organizationId: string): Promise<Tag[]> {
  const records = await TagModel.find({ organizationId }).sort({ key: 1 }).lean<TagRecord[]>();
  return records.map(toTag);
}

/** @throws AppError when one of the ids is no tag of the organization */
export async function requireTags(organizationId: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const wanted = [...new Set(ids)];
  const count = await TagModel.countDocuments({ _id: { $in: wanted }, organizationId });
  if (count === wanted.length) return;
  throw new AppError("not_found", "No such tag", {
    issues: [{ path: "tags", message: "names an unknown tag" }],
  });
}

function colourOf(key: string): string {
  const sum = [...key].reduce((total, character) => total + (character.codePointAt(0) ?? 0), 0);
  return COLOURS[sum % COLOURS.length] ?? "#64748b";
}

/** The first spelling of a name in the list is the one a new tag gets. */
const byKeyOf = (names: string[]): Map<string, string> =>
  new Map(names.toReversed().map((name) => [name.trim().toLowerCase(), name.trim()]));

export type TagPlan = { ids: string[]; missing: TagRecord[] };

/** Ids of tags by name; those that do not exist yet get an id and wait in `missing`. */
export async function planTags(organizationId: string, names: string[]): Promise<TagPlan> {
  const byKey = byKeyOf(names);
  if (byKey.size === 0) return { ids: [], missing: [] };
  const known = await TagModel.find({ organizationId, key: { $in: [...byKey.keys()] } }).lean<TagRecord[]>();
  const knownKeys = new Set(known.map(({ key }) => key));
  const missing = [...byKey]
    .filter(([key]) => !knownKeys.has(key))
    .map(([key, name]) => ({
      _id: new mongoose.Types.ObjectId(),
      organizationId: new mongoose.Types.ObjectId(organizationId),
      name,
      key,
      colour: colourOf(key),
    }));
  return { ids: [...known, ...missing].map(({ _id }) => _id.toHexString()), missing };
}

/** @returns false when somebody else has made one of the tags meanwhile: plan again */
export async function insertPlannedTags({ missing }: TagPlan): Promise<boolean> {
  if (missing.length === 0) return true;
  // Upserts that name their id: two callers that bring the same new name at once make one tag.
  await TagModel.bulkWrite(
    missing.map(({ organizationId, key, ...insert }) => ({
      updateOne: { filter: { organizationId, key }, update: { $setOnInsert: insert }, upsert: true },
    })),
    { ordered: false },
  );
  const ids = missing.map(({ _id }) => _id);
  return (await TagModel.countDocuments({ _id: { $in: ids } })) === missing.length;
}

/** Ids of tags by name; names that do not exist yet become tags. */
export async function ensureTags(organizationId: string, names: string[]): Promise<string[]> {
  for (;;) {
    const plan = await planTags(organizationId, names);
    if (await insertPlannedTags(plan)) return plan.ids;
  }
}

const toObjectId = (id: string) => new mongoose.Types.ObjectId(id);
const keyOf = (name: string): string => name.trim().toLowerCase();

/** How many contacts carry each tag; a tag that nobody carries is absent. */
export async function countByTag(organizationId: string): Promise<Map<string, number>> {
  const counts = await ContactModel.aggregate<{ _id: mongoose.Types.ObjectId; contacts: number }>([
    { $match: { organizationId: toObjectId(organizationId) } },
    { $unwind: "$tagIds" },
    { $group: { _id: "$tagIds", contacts: { $sum: 1 } } },
  ]);
  return new Map(counts.map(({ _id, contacts }) => [_id.toHexString(), contacts]));
}

export async function insertTag(
  organizationId: string,
  { id, name, colour }: Tag,
  session: ClientSession,
): Promise<void> {
  const record = { _id: toObjectId(id), organizationId: toObjectId(organizationId), name, colour };
  await TagModel.collection.insertOne({ ...record, key: keyOf(name) }, { session });
}

/** Only what is named: changes that share a commit were all decided on the tag as it was before. */
export async function updateTagFields(
  id: string,
  { name, colour }: TagChange,
  session: ClientSession,
): Promise<void> {
  const fields = {
    ...(name !== undefined && { name, key: keyOf(name) }),
    ...(colour !== undefined && { colour }),
  };
  await TagModel.collection.updateOne({ _id: toObjectId(id) }, { $set: fields }, { session });
}

export async function deleteTag(
  organizationId: string,
  tagId: string,
  session: ClientSession,
): Promise<void> {
  const filter = { _id: toObjectId(tagId), organizationId: toObjectId(organizationId) };
  await TagModel.collection.deleteOne(filter, { session });
}
