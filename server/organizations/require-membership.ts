import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findMembership, type Membership } from "./member.store.ts";

/** Rights are checked with every message, not only when a socket joins: membership may have ended since. */
export async function requireMembership(
  app: AppContext,
  userId: string,
  organizationId: string,
): Promise<Membership> {
  const membership = await findMembership(app.auth, userId, organizationId);
  if (!membership) throw new AppError("forbidden", "You are no longer a member of this organization");
  return membership;
}
