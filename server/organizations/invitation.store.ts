import { GivenRole } from "@dmtracker/shared/contracts/members.ts";
import type { Auth } from "#server/platform/auth.ts";

type InvitationRow = {
  id: string;
  email: string;
  role: string;
  organizationId: string;
  inviterId: string;
  status: string;
  createdAt: Date;
  expiresAt: Date;
};

export type OpenInvitation = Omit<InvitationRow, "role" | "status"> & { role: GivenRole };

const toOpen = ({ status, role, ...row }: InvitationRow, now: Date): OpenInvitation[] =>
  status === "pending" && row.expiresAt > now
    ? [{ ...row, role: GivenRole.catch("member").parse(role) }]
    : [];

/** An invitation that can still be accepted. */
export async function findInvitation(auth: Auth, id: string, now: Date): Promise<OpenInvitation | undefined> {
  const { adapter } = await auth.$context;
  const row = await adapter.findOne<InvitationRow>({
    model: "invitation",
    where: [{ field: "id", value: id }],
  });
  return row ? toOpen(row, now)[0] : undefined;
}

export async function findInvitations(
  auth: Auth,
  organizationId: string,
  now: Date,
): Promise<OpenInvitation[]> {
  const { adapter } = await auth.$context;
  const rows = await adapter.findMany<InvitationRow>({
    model: "invitation",
    where: [
      { field: "organizationId", value: organizationId },
      { field: "status", value: "pending" },
    ],
    sortBy: { field: "createdAt", direction: "desc" },
    limit: 200,
  });
  return rows.flatMap((row) => toOpen(row, now));
}

/** False when there is no such invitation in this organization. */
export async function deleteInvitation(auth: Auth, organizationId: string, id: string): Promise<boolean> {
  const { adapter } = await auth.$context;
  const where = [
    { field: "id", value: id },
    { field: "organizationId", value: organizationId },
    { field: "status", value: "pending" },
  ];
  return (await adapter.deleteMany({ model: "invitation", where })) > 0;
}
