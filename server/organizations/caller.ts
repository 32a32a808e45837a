import type { IncomingHttpHeaders } from "node:http";
import type { Actor, Role } from "@dmtracker/shared/contracts/people.ts";
import { fromNodeHeaders } from "better-auth/node";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findToken } from "#server/tokens/token.store.ts";
import { findMembership } from "./member.store.ts";

/** Who calls, for which organization, with which rights. */
export type Caller = {
  organizationId: string;
  actor: Actor;
  /** A token acts for the organization; what it may do is decided by the door, not by a role. */
  role: Role | "token";
};

export type SignedIn = Caller & {
  role: Role;
  user: { id: string; name: string; email: string };
  sessionId: string;
};

/** The person behind a session cookie, if there is one and they belong to an organization. */
export async function findSignedIn(
  app: AppContext,
  headers: IncomingHttpHeaders,
): Promise<SignedIn | undefined> {
  const found = await app.auth.api.getSession({ headers: fromNodeHeaders(headers) });
  if (!found) return undefined;
  const { user, session } = found;
  // Never another organization than the chosen one: a stale page would write into the wrong tenant.
  const membership = await findMembership(app.auth, user.id, session.activeOrganizationId);
  if (!membership) return undefined;
  return {
    organizationId: membership.organizationId,
    role: membership.role,
    actor: { type: "user", id: user.id, name: user.name },
    user: { id: user.id, name: user.name, email: user.email },
    sessionId: session.id,
  };
}

/** The caller of a request: by token for machines, else by session cookie. */
export async function requireCaller(app: AppContext, headers: IncomingHttpHeaders): Promise<Caller> {
  const secret = headers["x-org-auth-token"];
  if (typeof secret === "string") {
    const token = await findToken(secret);
    if (!token) throw new AppError("unauthenticated", "This token is unknown or was revoked");
    const actor: Actor = { type: "api", id: token.id, name: token.name };
    return { organizationId: token.organizationId, actor, role: "token" };
  }
  const signedIn = await findSignedIn(app, headers);
  if (!signedIn) throw new AppError("unauthenticated", "Sign in, or send a token as x-org-auth-token");
  return signedIn;
}

/** Settings are for owners and admins. */
export function requireAdmin({ role }: Caller): void {
  if (role !== "owner" && role !== "admin")
    throw new AppError("forbidden", "Only an owner or admin may do this");
}
