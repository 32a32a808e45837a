import { Role, type Member } from "@dmtracker/shared/contracts/people.ts";
import type { Auth } from "#server/platform/auth.ts";

type MemberRow = { userId: string; organizationId: string; role: string; createdAt: Date };
type UserRow = { id: string; name: string; email: string };
type OrganizationRow = { id: string; name: string };

export type Membership = { userId: string; organizationId: string; role: Role };

const toMembership = ({ userId, organizationId, role }: MemberRow): Membership => ({
  userId,
  organizationId,
  role: Role.catch("member").parse(role),
});

/** The membership that rights rest on: in the given organization, or in the person's oldest one. */
export async function findMembership(
  auth: Auth,
  userId: string,
  organizationId?: string | null,
): Promise<Membership | undefined> {
  const { adapter } = await auth.$context;
  const rows = await adapter.findMany<MemberRow>({
    model: "member",
    where: [
      { field: "userId", value: userId },
      ...(organizationId ? [{ field: "organizationId", value: organizationId }] : []),
    ],
    sortBy: { field: "createdAt", direction: "asc" },
    limit: 1,
  });
  return rows[0] && toMembership(rows[0]);
}

export async function findOrganization(
  auth: Auth,
  organizationId: string,
): Promise<OrganizationRow | undefined> {
  const { adapter } = await auth.$context;
  const where = [{ field: "id", value: organizationId }];
  return (await adapter.findOne<OrganizationRow>({ model: "organization", where })) ?? undefined;
}

export async function saveOrganizationName(auth: Auth, organizationId: string, name: string): Promise<void> {
  const { adapter } = await auth.$context;
  const where = [{ field: "id", value: organizationId }];
  await adapter.update({ model: "organization", where, update: { name } });
}

/** Everyone in the organization, by name. */
export async function findMembers(auth: Auth, organizationId: string): Promise<Member[]> {
  const { adapter } = await auth.$context;
  const where = [{ field: "organizationId", value: organizationId }];
  const rows = await adapter.findMany<MemberRow>({ model: "member", where, limit: 1_000 });
  const users = await adapter.findMany<UserRow>({
    model: "user",
    where: [{ field: "id", operator: "in", value: rows.map(({ userId }) => userId) }],
    limit: 1_000,
  });
  const roleByUser = new Map(rows.map((row) => [row.userId, toMembership(row).role]));
  return users
    .map(({ id, name, email }) => ({ id, name, email, role: roleByUser.get(id) ?? "member" }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
