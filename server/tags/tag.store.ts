import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import mongoose from "mongoose";
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

/** Ids of tags by name, in the order given; names that do not exist yet become tags. */
export async function ensureTags(organizationId: string, names: string[]): Promise<string[]> {
  // The first spelling of a name in the list is the one a new tag gets.
  const byKey = new Map(names.toReversed().map((name) => [name.trim().toLowerCase(), name.trim()]));
  if (byKey.size === 0) return [];
  const owner = new mongoose.Types.ObjectId(organizationId);
  // Upserts: two clients that bring the same new name at once get the same tag.
  await TagModel.bulkWrite(
    [...byKey].map(([key, name]) => ({
      updateOne: {
        filter: { organizationId: owner, key },
        update: { $setOnInsert: { name, colour: colourOf(key) } },
        upsert: true,
      },
    })),
    { ordered: false },
  );
  const records = await TagModel.find({ organizationId, key: { $in: [...byKey.keys()] } }).lean<
    TagRecord[]
  >();
  const idByKey = new Map(records.map(({ key, _id }) => [key, _id.toHexString()]));
  return [...byKey.keys()].flatMap((key) => idByKey.get(key) ?? []);
}
