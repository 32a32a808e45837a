import { invalidField } from "#server/platform/app-error.ts";
import { findTags } from "./tag.store.ts";

/**
 * Ids of tags that a program names, in any case; undefined when it names none.
 * @throws AppError invalid
 */
export async function requireTagNames(
  organizationId: string,
  path: string,
  names: readonly string[] | undefined,
): Promise<string[] | undefined> {
  if (names === undefined) return undefined;
  const tags = await findTags(organizationId);
  return names.map((name) => {
    const tag = tags.find((known) => known.name.toLowerCase() === name.trim().toLowerCase());
    if (tag) return tag.id;
    const known = tags.map((one) => one.name).join(", ") || "none yet";
    throw invalidField(path, `No tag is called ${name}. The tags are: ${known}`);
  });
}
