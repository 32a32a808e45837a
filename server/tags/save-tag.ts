import { MAX_ORGANIZATION_TAGS } from "@dmtracker/shared/contracts/limits.ts";
import type { NewTag, TagChange } from "@dmtracker/shared/contracts/organization-rest.ts";
import { nextColour } from "@dmtracker/shared/contracts/palette.ts";
import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { changeOrganization, type OrganizationCall } from "#server/organizations/change-organization.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findTags, insertTag, updateTagFields } from "./tag.store.ts";

function requireFreeName(tags: readonly Tag[], name: string, ownId?: string): void {
  const key = name.trim().toLowerCase();
  const twin = tags.find((tag) => tag.id !== ownId && tag.name.toLowerCase() === key);
  if (!twin) return;
  const message = `There is a tag “${twin.name}” already`;
  throw new AppError("duplicate", message, { issues: [{ path: "name", message }] });
}

/** @throws AppError duplicate, invalid */
export function createTag(app: AppContext, call: OrganizationCall, { name, colour }: NewTag): Promise<Tag> {
  const id = new mongoose.Types.ObjectId().toHexString();
  return changeOrganization(app, call, async ({ batch }) => {
    const tags = await findTags(call.organizationId);
    if (tags.length >= MAX_ORGANIZATION_TAGS)
      throw new AppError("invalid", `An organization has at most ${MAX_ORGANIZATION_TAGS} tags`);
    requireFreeName(tags, name);
    const tag: Tag = { id, name, colour: colour ?? nextColour(tags.map((other) => other.colour)) };
    batch.effects.push((session) => insertTag(call.organizationId, tag, session));
    return tag;
  });
}

/** Renames and recolours. @throws AppError not_found, duplicate */
export function updateTag(
  app: AppContext,
  call: OrganizationCall,
  tagId: string,
  change: TagChange,
): Promise<Tag> {
  return changeOrganization(app, call, async ({ batch }) => {
    const tags = await findTags(call.organizationId);
    const known = tags.find(({ id }) => id === tagId);
    if (!known) throw new AppError("not_found", "No such tag");
    if (change.name !== undefined) requireFreeName(tags, change.name, tagId);
    const tag = { ...known, name: change.name ?? known.name, colour: change.colour ?? known.colour };
    if (tag.name !== known.name || tag.colour !== known.colour)
      batch.effects.push((session) => updateTagFields(tagId, change, session));
    return tag;
  });
}
