import type { Auth } from "#server/platform/auth.ts";
import { findLastPlaces } from "./last-seen.store.ts";
import { findMembership } from "./member.store.ts";

/**
 * What a new session opens: where this person was last, else their oldest organization. It stays until they choose
 * another one; losing it never leads into the next one by itself.
 */
export async function chooseOrganization(auth: Auth, userId: string): Promise<string | null> {
  for (const organizationId of await findLastPlaces(userId)) {
    if (await findMembership(auth, userId, organizationId)) return organizationId;
  }
  return (await findMembership(auth, userId))?.organizationId ?? null;
}
