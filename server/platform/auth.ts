import { betterAuth } from "better-auth";
import { mongodbAdapter } from "better-auth/adapters/mongodb";
import { APIError, createAuthMiddleware, getSessionFromCtx } from "better-auth/api";
import { organization } from "better-auth/plugins";
import mongoose from "mongoose";

const WEEK_S = 7 * 86_400;

export type AuthHooks = {
  /** A new organization must have what every organization has. */
  onOrganizationCreated(organizationId: string): Promise<void>;
  /** Access ends now, not at the next request. */
  onMemberRemoved(userId: string, organizationId: string): void;
  onSessionEnded(sessionId: string): void;
};

export type AuthOptions = {
  secret: string;
  /** Addresses that browsers use; the first one is where links point. */
  origins: [string, ...string[]];
};

/** Exactly one owner, who stays: the role is neither given nor invited to, and nobody has two roles. */
function requirePlainRole(role: string | string[]): Promise<void> {
  if (role === "admin" || role === "member") return Promise.resolve();
  throw new APIError("FORBIDDEN", { message: "The role must be one of: admin, member" });
}

/** Accounts, sessions, organizations and roles are better-auth's; this is their configuration. */
export function createAuth({ secret, origins }: AuthOptions, hooks: AuthHooks) {
  const [baseURL] = origins;
  const client = mongoose.connection.getClient();
  return betterAuth({
    appName: "DmTracker",
    baseURL,
    secret,
    trustedOrigins: origins,
    database: mongodbAdapter(client.db(mongoose.connection.name), { client }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10 },
    session: { expiresIn: 4 * WEEK_S, updateAge: WEEK_S / 7 },
    advanced: { useSecureCookies: baseURL.startsWith("https://") },
    telemetry: { enabled: false },
    databaseHooks: {
      session: {
        delete: {
          after: (session) => {
            hooks.onSessionEnded(session.id);
            return Promise.resolve();
          },
        },
      },
    },
    hooks: {
      // The plugin has a hook for being removed, but none for leaving.
      after: createAuthMiddleware(async (context) => {
        if (context.path !== "/organization/leave" || context.context.returned instanceof APIError) return;
        const session = await getSessionFromCtx(context);
        const { organizationId } = (context.body ?? {}) as { organizationId?: string };
        if (session && organizationId) hooks.onMemberRemoved(session.user.id, organizationId);
      }),
    },
    plugins: [
      organization({
        creatorRole: "owner",
        allowUserToCreateOrganization: false,
        // Deleting one means deleting what is in it: not through this door.
        disableOrganizationDeletion: true,
        organizationHooks: {
          beforeUpdateMemberRole: ({ newRole }) => requirePlainRole(newRole),
          beforeCreateInvitation: ({ invitation }) => requirePlainRole(invitation.role),
          afterCreateOrganization: ({ organization: { id } }) => hooks.onOrganizationCreated(id),
          afterRemoveMember: ({ user, organization: { id } }) => {
            hooks.onMemberRemoved(user.id, id);
            return Promise.resolve();
          },
        },
      }),
    ],
  });
}

export type Auth = ReturnType<typeof createAuth>;
