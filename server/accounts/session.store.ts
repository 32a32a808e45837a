import type { AccountSession } from "@dmtracker/shared/contracts/accounts.ts";
import type { Auth } from "#server/platform/auth.ts";

type SessionRow = {
  id: string;
  token: string;
  createdAt: Date;
  updatedAt: Date;
  expiresAt: Date;
  ipAddress?: string | null;
  userAgent?: string | null;
};

const MAX_SESSIONS = 200;

/** A person's open sessions, the one that was used last first. */
export async function findSessions(
  auth: Auth,
  userId: string,
  current: { sessionId: string; now: Date },
): Promise<AccountSession[]> {
  const { adapter } = await auth.$context;
  const rows = await adapter.findMany<SessionRow>({
    model: "session",
    where: [{ field: "userId", value: userId }],
    sortBy: { field: "updatedAt", direction: "desc" },
    limit: MAX_SESSIONS,
  });
  return rows
    .filter(({ expiresAt }) => expiresAt > current.now)
    .map(({ id, createdAt, updatedAt, ipAddress, userAgent }) => ({
      id,
      current: id === current.sessionId,
      createdAt: createdAt.toISOString(),
      usedAt: updatedAt.toISOString(),
      address: ipAddress || null,
      browser: userAgent || null,
    }));
}

/** Ends one session of this person; false when they have no such session. */
export async function endSession(auth: Auth, userId: string, sessionId: string): Promise<boolean> {
  const { adapter, internalAdapter } = await auth.$context;
  const row = await adapter.findOne<SessionRow>({
    model: "session",
    where: [
      { field: "id", value: sessionId },
      { field: "userId", value: userId },
    ],
  });
  if (!row) return false;
  await internalAdapter.deleteSession(row.token);
  return true;
}

export async function endAllSessions(auth: Auth, userId: string): Promise<void> {
  const { internalAdapter } = await auth.$context;
  await internalAdapter.deleteUserSessions(userId);
}

/** From now on this session's calls are for that organization. */
export async function openOrganization(auth: Auth, sessionId: string, organizationId: string): Promise<void> {
  const { adapter } = await auth.$context;
  await adapter.update({
    model: "session",
    where: [{ field: "id", value: sessionId }],
    update: { activeOrganizationId: organizationId },
  });
}
