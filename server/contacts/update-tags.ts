import type { UpdateTagsBody } from "@dmtracker/shared/contracts/rest.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { AppContext } from "#server/app-context.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { ensureTags, findTags } from "#server/tags/tag.store.ts";
import { changeContact, type ChangeAnswer } from "./change-contact.ts";

export type TagUpdate = {
  organizationId: string;
  contactId: string;
  pipelineId: string;
  actor: Actor;
  /** Names, as the caller knows them. */
  names: Pick<UpdateTagsBody, "add" | "remove" | "set" | "create_missing">;
  seenVersion: number | undefined;
  mutation: Mutation | undefined;
};

const keyOf = (name: string): string => name.trim().toLowerCase();

/** Ids by name of every tag there is. */
async function tagsByKey(organizationId: string): Promise<Map<string, string>> {
  const tags = await findTags(organizationId);
  return new Map(tags.map(({ id, name }) => [keyOf(name), id]));
}

/** @throws AppError not_found that names every unknown tag and where it stands in the body */
function requireKnown(known: ReadonlyMap<string, string>, { add = [], set = [] }: TagUpdate["names"]): void {
  const issues = Object.entries({ add, set }).flatMap(([field, names]) =>
    names.flatMap((name, index) => {
      if (known.has(keyOf(name))) return [];
      return [{ path: `${field}.${index}`, message: `${name} is no tag; create_missing: true makes it one` }];
    }),
  );
  if (issues.length === 0) return;
  throw new AppError("not_found", issues.map(({ message }) => message).join("; "), { issues });
}

/**
 * Changes the tags of a contact by their names. A name to be removed that is no tag is not on the contact either:
 * nothing is wrong with that.
 * @throws AppError not_found, and as changeContact
 */
export async function updateTags(app: AppContext, update: TagUpdate): Promise<ChangeAnswer> {
  const { names, organizationId, seenVersion, ...call } = update;
  const { add = [], set, remove = [], create_missing: mayCreate } = names;
  if (mayCreate) await ensureTags(organizationId, [...add, ...(set ?? [])]);
  const known = await tagsByKey(organizationId);
  requireKnown(known, names);
  const idsOf = (list: string[]) => list.flatMap((name) => known.get(keyOf(name)) ?? []);
  return changeContact(app, {
    ...call,
    organizationId,
    change: { tags: { add: idsOf(add), remove: idsOf(remove), ...(set && { set: idsOf(set) }) } },
    seenVersion,
    strict: seenVersion !== undefined,
  });
}

/** Names of these tags, in the order of their names. */
export async function nameTags(organizationId: string, tagIds: readonly string[]): Promise<string[]> {
  const tags = await findTags(organizationId);
  return tags.filter(({ id }) => tagIds.includes(id)).map(({ name }) => name);
}
