import { forgetResetLinks } from "#server/accounts/forget-reset-links.ts";
import type { AppContext } from "#server/app-context.ts";
import { announceOrganization } from "./announce-organization.ts";
import type { Caller } from "./caller.ts";
import { noSuchMember, ownerStays } from "./change-role.ts";
import { forgetSeen } from "./last-seen.store.ts";
import { deleteMember, findMembership, findOrganization } from "./member.store.ts";

/** Takes somebody out, or lets them leave; their open pages say so at once. @throws AppError not_found, forbidden */
export async function removeMember(
  app: AppContext,
  { organizationId, actor }: Caller,
  userId: string,
): Promise<void> {
  if (!(await findMembership(app.auth, userId, organizationId))) throw noSuchMember();
  if (!(await deleteMember(organizationId, userId))) throw ownerStays();
  await forgetResetLinks(app, userId);
  const organization = await findOrganization(app.auth, organizationId);
  const name = organization?.name ?? "this organization";
  const reason = actor.id === userId ? `You have left ${name}.` : `${actor.name} removed you from ${name}.`;
  app.live.revokeMember(organizationId, userId, { cause: "removed", reason });
  await forgetSeen(organizationId, userId);
  await announceOrganization(app, organizationId, actor);
}
