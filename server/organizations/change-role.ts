import type { GivenRole } from "@dmtracker/shared/contracts/members.ts";
import { forgetResetLinks } from "#server/accounts/forget-reset-links.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { announceOrganization } from "./announce-organization.ts";
import type { Caller } from "./caller.ts";
import { findMembership, findOrganization, setRole } from "./member.store.ts";

export const noSuchMember = () => new AppError("not_found", "No such member");
export const ownerStays = () =>
  new AppError("forbidden", "The owner stays owner: ownership is transferred by the owner");

/** Gives a member another role; their open pages say so at once. @throws AppError not_found, forbidden */
export async function changeRole(
  app: AppContext,
  { organizationId, actor }: Caller,
  userId: string,
  role: GivenRole,
): Promise<void> {
  const before = await findMembership(app.auth, userId, organizationId);
  if (!before) throw noSuchMember();
  if (before.role === role) return;
  if (!(await setRole(organizationId, userId, role))) throw ownerStays();
  await forgetResetLinks(app, userId);
  const organization = await findOrganization(app.auth, organizationId);
  const reason = `${actor.name} made you ${role === "admin" ? "an admin" : "a member"} of ${organization?.name ?? "this organization"}.`;
  app.live.revokeMember(organizationId, userId, { cause: "role_changed", reason });
  await announceOrganization(app, organizationId, actor);
}
