import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { SocketData } from "#server/platform/sockets.ts";
import { findMembership, type Membership } from "./member.store.ts";

type SessionRow = { id: string; expiresAt: Date };

/** When the session of a socket ends; undefined when it has ended already. */
export async function findSessionEnd(app: AppContext, sessionId: string): Promise<Date | undefined> {
  const { adapter } = await app.auth.$context;
  const row = await adapter.findOne<SessionRow>({
    model: "session",
    where: [{ field: "id", value: sessionId }],
  });
  return row && row.expiresAt > app.now() ? row.expiresAt : undefined;
}

/**
 * Rights are checked with every message, not only when a socket opens: session and membership may have ended since.
 */
export async function requireMembership(
  app: AppContext,
  { userId, organizationId, sessionId }: SocketData,
): Promise<Membership> {
  const [membership, sessionEnd] = await Promise.all([
    findMembership(app.auth, userId, organizationId),
    findSessionEnd(app, sessionId),
  ]);
  if (!sessionEnd) throw new AppError("unauthenticated", "Your session has ended, sign in again");
  if (!membership) throw new AppError("forbidden", "You are no longer a member of this organization");
  return membership;
}
