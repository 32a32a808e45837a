import type { IncomingHttpHeaders } from "node:http";
import type { Actor, Role } from "@dmtracker/shared/contracts/people.ts";
import { fromNodeHeaders } from "better-auth/node";
import type { Asker } from "@dmtracker/shared/contracts/rights.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findToken } from "#server/tokens/token.store.ts";
import { findMembership } from "./member.store.ts";

/** Who calls, for which organization, with which rights. */
export type Caller = {
  organizationId: string;
  actor: Actor;
  role: Asker;
  /** Whose calls are counted together: a token's or a session's. */
  limitKey: string;
};

/** Somebody who is signed in, whatever organizations they belong to. */
export type Person = {
  user: { id: string; name: string; email: string };
  sessionId: string;
  activeOrganizationId: string | null;
};

export type SignedIn = Caller & Person & { role: Role };

export async function findPerson(app: AppContext, headers: IncomingHttpHeaders): Promise<Person | undefined> {
  const found = await app.auth.api.getSession({ headers: fromNodeHeaders(headers) });
  if (!found) return undefined;
  const { user, session } = found;
  return {
    user: { id: user.id, name: user.name, email: user.email },
    sessionId: session.id,
    activeOrganizationId: session.activeOrganizationId ?? null,
  };
}

export async function requirePerson(app: AppContext, headers: IncomingHttpHeaders): Promise<Person> {
  const person = await findPerson(app, headers);
  if (!person) throw new AppError("unauthenticated", "You are signed out");
  return person;
}

/** A person in the organization that they have open. @throws AppError no_organization */
export async function requireMember(app: AppContext, person: Person): Promise<SignedIn> {
  const { user, sessionId, activeOrganizationId } = person;
  // Never another organization than the chosen one: a stale page would write into the wrong tenant.
  const membership = await findMembership(app.auth, user.id, activeOrganizationId);
  if (!membership) {
    throw new AppError("no_organization", "You are not a member of this organization. Choose another one.");
  }
  const { organizationId, role } = membership;
  const actor = { type: "user", id: user.id, name: user.name } as const;
  return { ...person, organizationId, role, actor, limitKey: sessionId };
}

/**
 * The caller of a request: by token for machines, else by session cookie.
 * @throws AppError unauthenticated, no_organization
 */
export async function requireCaller(app: AppContext, headers: IncomingHttpHeaders): Promise<Caller> {
  const secret = headers["x-org-auth-token"];
  if (typeof secret === "string") {
    const token = await findToken(secret);
    if (!token) throw new AppError("unauthenticated", "This token is unknown or was revoked");
    const actor: Actor = { type: "api", id: token.id, name: token.name };
    return { organizationId: token.organizationId, actor, role: "token", limitKey: token.id };
  }
  const person = await findPerson(app, headers);
  if (!person) throw new AppError("unauthenticated", "Sign in, or send a token as x-org-auth-token");
  return requireMember(app, person);
}
