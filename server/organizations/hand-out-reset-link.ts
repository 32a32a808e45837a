import type { AppContext } from "#server/app-context.ts";
import { makeResetLink } from "#server/accounts/make-reset-link.ts";
import { sendResetLink } from "#server/accounts/send-reset-link.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { Caller } from "./caller.ts";
import { noSuchMember } from "./change-role.ts";
import { findMembers, findOrganizations } from "./member.store.ts";

/**
 * A new password for a member who has lost theirs: by mail, or without mail by a link that an admin hands over. Such
 * a link is the whole account, so it is not made for the owner, and not for who also belongs elsewhere.
 * @returns the link; null when it went by mail
 * @throws AppError not_found, forbidden
 */
export async function handOutResetLink(
  app: AppContext,
  { organizationId, actor, role }: Caller,
  userId: string,
): Promise<string | null> {
  const member = (await findMembers(app.auth, organizationId)).find(({ id }) => id === userId);
  if (!member) throw noSuchMember();
  if (app.mail.isConfigured) {
    await sendResetLink(app, member.email);
    return null;
  }
  const elsewhere = (await findOrganizations(app.auth, userId)).length > 1;
  const isHigher = member.role === "owner" || (member.role === "admin" && role !== "owner");
  if (elsewhere || isHigher) {
    throw new AppError("forbidden", "This account can only be reset by mail or on the server itself");
  }
  return makeResetLink(app, userId, actor.id ?? undefined);
}
