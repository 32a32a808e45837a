import type { GivenRole, Invitation } from "@dmtracker/shared/contracts/members.ts";
import type { AppContext } from "#server/app-context.ts";
import { inOurWords } from "#server/platform/auth-answer.ts";
import { seal } from "#server/platform/seal.ts";
import type { Caller } from "./caller.ts";
import { findInvitation, type OpenInvitation } from "./invitation.store.ts";
import { findOrganization } from "./member.store.ts";

/** Ids can be guessed, links must not be: the link carries our seal. */
const linkOf = ({ publicUrl, authSecret }: AppContext["env"], id: string): string =>
  `${publicUrl}/invite#${seal(authSecret, "invitation", id)}`;

export function toInvitation(app: AppContext, row: OpenInvitation, invitedBy: string): Invitation {
  const { id, email, role, createdAt, expiresAt } = row;
  return {
    id,
    email,
    role,
    invitedBy,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    link: linkOf(app.env, id),
  };
}

/** Invites by link; with mail set up the link is sent as well. Inviting again replaces the first link. */
export async function inviteMember(
  app: AppContext,
  { organizationId, actor }: Caller,
  { email, role }: { email: string; role: GivenRole },
  headers: Headers,
): Promise<Invitation> {
  const body = { email, role, organizationId };
  const { id } = await inOurWords(app.auth.api.createInvitation({ body, headers }));
  const [row, organization] = await Promise.all([
    findInvitation(app.auth, id, app.now()),
    findOrganization(app.auth, organizationId),
  ]);
  if (!row) throw new Error("A new invitation is not open");
  const invitation = toInvitation(app, row, actor.name);
  app.mail.send({
    to: email,
    subject: `${actor.name} invites you to ${organization?.name ?? "DmTracker"}`,
    text: `${actor.name} invites you to work with ${organization?.name ?? "them"} on DmTracker.\n\nJoin here, within a week:\n\n${invitation.link}\n`,
  });
  return invitation;
}
