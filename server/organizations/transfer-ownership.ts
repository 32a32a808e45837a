import { forgetResetLinks } from "#server/accounts/forget-reset-links.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { announceOrganization } from "./announce-organization.ts";
import type { Caller } from "./caller.ts";
import { noSuchMember } from "./change-role.ts";
import { findMembership, findOrganization, swapOwner } from "./member.store.ts";

/** The caller gives the organization to another member and stays as admin. @throws AppError not_found, conflict */
export async function transferOwnership(
  app: AppContext,
  { organizationId, actor }: Caller,
  nextId: string,
): Promise<void> {
  const ownerId = actor.id ?? "";
  if (nextId === ownerId || !(await findMembership(app.auth, nextId, organizationId))) throw noSuchMember();
  if (!(await swapOwner(organizationId, ownerId, nextId))) {
    throw new AppError("conflict", "The members have changed meanwhile: look again");
  }
  await Promise.all([ownerId, nextId].map((id) => forgetResetLinks(app, id)));
  const organization = await findOrganization(app.auth, organizationId);
  const name = organization?.name ?? "this organization";
  app.live.revokeMember(organizationId, nextId, {
    cause: "role_changed",
    reason: `${actor.name} made you the owner of ${name}.`,
  });
  app.live.revokeMember(organizationId, ownerId, {
    cause: "role_changed",
    reason: `You are an admin of ${name} now.`,
  });
  await announceOrganization(app, organizationId, actor);
}
