import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMembership } from "#server/organizations/member.store.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { requireTags } from "#server/tags/tag.store.ts";

/**
 * People and tags that a change names must be the organization's own.
 * @throws AppError invalid, not_found
 */
export async function requireNamed(
  app: AppContext,
  organizationId: string,
  { assigneeId, tags }: Pick<ContactChange, "assigneeId" | "tags">,
): Promise<void> {
  if (assigneeId && !(await findMembership(app.auth, assigneeId, organizationId))) {
    throw invalidField("assigneeId", "must be a member of the organization");
  }
  if (tags) await requireTags(organizationId, [...(tags.add ?? []), ...(tags.set ?? [])]);
}
