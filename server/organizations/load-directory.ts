import type { Directory } from "@dmtracker/shared/contracts/board.ts";
import type { AppContext } from "#server/app-context.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { findMembers } from "./member.store.ts";
import { findSettings } from "./organization-settings.store.ts";

/** What an organization calls things, and what it has decided for all its pipelines. */
export async function loadDirectory(app: AppContext, organizationId: string): Promise<Directory> {
  const [members, tags, settings] = await Promise.all([
    findMembers(app.auth, organizationId),
    findTags(organizationId),
    findSettings(organizationId),
  ]);
  return { members, tags, settings };
}
