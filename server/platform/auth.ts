import {
  INVITATION_DAYS,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
} from "@dmtracker/shared/contracts/limits.ts";
import { betterAuth } from "better-auth";
import { mongodbAdapter } from "better-auth/adapters/mongodb";
import { APIError, createAuthMiddleware } from "better-auth/api";
import { organization } from "better-auth/plugins";
import mongoose from "mongoose";
import { CLIENT_ADDRESS_HEADER } from "./client-address.ts";

const WEEK_S = 7 * 86_400;

const MAX_MEMBERS = 1_000;

export type AuthHooks = {
  /** A new organization must have what every organization has. */
  onOrganizationCreated(organizationId: string): Promise<void>;
  /** The organization that a new session opens; null for who belongs to none. */
  chooseOrganization(userId: string): Promise<string | null>;
  /** Access ends now, not at the next request. */
  onSessionEnded(sessionId: string): void;
  /** Seconds to wait; undefined when the try is allowed. */
  onSignInTried(email: string, address: string): Promise<number | undefined>;
  onSignedIn(email: string, address: string): Promise<void>;
  onPasswordResetWanted(person: { name: string; email: string }, token: string): void;
};

export type AuthOptions = {
  secret: string;
  /** Addresses that browsers use; the first one is where links point. */
  origins: readonly [string, ...string[]];
};

/** Exactly one owner, who stays: the role is not invited to, and nobody has two roles. */
function requirePlainRole(role: string | string[]): Promise<void> {
  if (role === "admin" || role === "member") return Promise.resolve();
  throw new APIError("FORBIDDEN", { message: "The role must be one of: admin, member" });
}

/** The account and the address that a sign-in is tried for and from. */
function tryOf(body: unknown, headers: Headers | undefined): [email: string, address: string] {
  const { email } = (body ?? {}) as { email?: unknown };
  const account = typeof email === "string" ? email.trim().toLowerCase().slice(0, 254) : "";
  return [account, headers?.get(CLIENT_ADDRESS_HEADER) ?? ""];
}

/** Accounts, sessions, organizations and invitations are better-auth's; this is their configuration. */
export function createAuth({ secret, origins }: AuthOptions, hooks: AuthHooks) {
  const [baseURL] = origins;
  const client = mongoose.connection.getClient();
  return betterAuth({
    appName: "DmTracker",
    baseURL,
    secret,
    trustedOrigins: [...origins],
    database: mongodbAdapter(client.db(mongoose.connection.name), { client }),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: MIN_PASSWORD_LENGTH,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: ({ user, token }) => {
        hooks.onPasswordResetWanted(user, token);
        return Promise.resolve();
      },
    },
    session: { expiresIn: 4 * WEEK_S, updateAge: WEEK_S / 7 },
    advanced: {
      useSecureCookies: baseURL.startsWith("https://"),
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER] },
    },
    telemetry: { enabled: false },
    // All doors count in one way: server/platform/limits.ts
    rateLimit: { enabled: false },
    databaseHooks: {
      session: {
        create: {
          before: async (session) => ({
            data: { ...session, activeOrganizationId: await hooks.chooseOrganization(session.userId) },
          }),
        },
        delete: {
          after: (session) => {
            hooks.onSessionEnded(session.id);
            return Promise.resolve();
          },
        },
      },
    },
    hooks: {
      before: createAuthMiddleware(async ({ path, body, headers }) => {
        if (path !== "/sign-in/email") return;
        const waitS = await hooks.onSignInTried(...tryOf(body, headers));
        if (waitS === undefined) return;
        const message = `Too many tries, wait ${waitS} s`;
        throw new APIError("TOO_MANY_REQUESTS", { message }, { "retry-after": String(waitS) });
      }),
      after: createAuthMiddleware(async ({ path, body, headers, context }) => {
        if (path !== "/sign-in/email" || context.returned instanceof APIError) return;
        await hooks.onSignedIn(...tryOf(body, headers));
      }),
    },
    plugins: [
      organization({
        creatorRole: "owner",
        membershipLimit: MAX_MEMBERS,
        invitationExpiresIn: INVITATION_DAYS * 86_400,
        // Inviting again replaces the link that went astray.
        cancelPendingInvitationsOnReInvite: true,
        requireEmailVerificationOnInvitation: false,
        organizationHooks: {
          beforeCreateInvitation: ({ invitation }) => requirePlainRole(invitation.role),
          afterCreateOrganization: ({ organization: { id } }) => hooks.onOrganizationCreated(id),
        },
      }),
    ],
  });
}

export type Auth = ReturnType<typeof createAuth>;
