import type { Session } from "@dmtracker/shared/contracts/people.ts";
import type { AppContext } from "#server/app-context.ts";
import type { SignedIn } from "./caller.ts";
import { findOrganizations } from "./member.store.ts";
import { findSettings } from "./organization-settings.store.ts";

/** Who is signed in, where, and where else they could be. */
export async function describeSession(
  app: AppContext,
  { user, role, organizationId }: SignedIn,
): Promise<Session> {
  const [organizations, { timeZone }] = await Promise.all([
    findOrganizations(app.auth, user.id),
    findSettings(organizationId),
  ]);
  const name = organizations.find(({ id }) => id === organizationId)?.name ?? "";
  return { user, role, organization: { id: organizationId, name, timeZone }, organizations };
}
