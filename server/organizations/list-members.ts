import type { MemberList } from "@dmtracker/shared/contracts/members.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import type { AppContext } from "#server/app-context.ts";
import type { Caller } from "./caller.ts";
import { findInvitations } from "./invitation.store.ts";
import { toInvitation } from "./invite-member.ts";
import { findLastSeen } from "./last-seen.store.ts";
import { findMembersSince } from "./member.store.ts";

/** Everybody sees who belongs here; who is invited, and by which link, is for those who may invite. */
export async function listMembers(app: AppContext, { organizationId, role }: Caller): Promise<MemberList> {
  const [members, seen, invitations] = await Promise.all([
    findMembersSince(app.auth, organizationId),
    findLastSeen(organizationId),
    may(role, "members:manage") ? findInvitations(app.auth, organizationId, app.now()) : [],
  ]);
  const names = new Map(members.map(({ id, name }) => [id, name]));
  return {
    members: members.map((member) => ({
      ...member,
      joinedAt: member.joinedAt.toISOString(),
      lastSeenAt: seen.get(member.id)?.toISOString() ?? null,
    })),
    invitations: invitations.map((row) =>
      toInvitation(app, row, names.get(row.inviterId) ?? "Somebody who has left"),
    ),
  };
}
