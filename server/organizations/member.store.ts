import { Role, type Member } from "@dmtracker/shared/contracts/people.ts";
import type { OwnOrganization } from "@dmtracker/shared/contracts/accounts.ts";
import mongoose, { type ClientSession } from "mongoose";
import type { Auth } from "#server/platform/auth.ts";

type MemberRow = { userId: string; organizationId: string; role: string; createdAt: Date };
type UserRow = { id: string; name: string; email: string };
type OrganizationRow = { id: string; name: string };

export type Membership = { userId: string; organizationId: string; role: Role };

const MAX_MEMBERS = 1_000;

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

export async function hasOrganizations(auth: Auth): Promise<boolean> {
  const { adapter } = await auth.$context;
  return (await adapter.findMany({ model: "organization", limit: 1 })).length > 0;
}

/** Where a person belongs, by name. */
export async function findOrganizations(auth: Auth, userId: string): Promise<OwnOrganization[]> {
  const { adapter } = await auth.$context;
  const where = [{ field: "userId", value: userId }];
  const rows = await adapter.findMany<MemberRow>({ model: "member", where, limit: MAX_MEMBERS });
  if (rows.length === 0) return [];
  const organizations = await adapter.findMany<OrganizationRow>({
    model: "organization",
    where: [{ field: "id", operator: "in", value: rows.map(({ organizationId }) => organizationId) }],
    limit: MAX_MEMBERS,
  });
  const roles = new Map(rows.map((row) => [row.organizationId, toMembership(row).role]));
  return organizations
    .map(({ id, name }) => ({ id, name, role: roles.get(id) ?? "member" }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

export async function findUserByEmail(auth: Auth, email: string): Promise<UserRow | undefined> {
  const { internalAdapter } = await auth.$context;
  return (await internalAdapter.findUserByEmail(email))?.user;
}

/** Everyone in the organization, by name. */
export async function findMembers(auth: Auth, organizationId: string): Promise<Member[]> {
  const members = await findMembersSince(auth, organizationId);
  return members.map(({ id, name, email, role }) => ({ id, name, email, role }));
}

/** The same with the moment since when they belong to it. */
export async function findMembersSince(
  auth: Auth,
  organizationId: string,
): Promise<(Member & { joinedAt: Date })[]> {
  const { adapter } = await auth.$context;
  const where = [{ field: "organizationId", value: organizationId }];
  const rows = await adapter.findMany<MemberRow>({ model: "member", where, limit: MAX_MEMBERS });
  const users = await adapter.findMany<UserRow>({
    model: "user",
    where: [{ field: "id", operator: "in", value: rows.map(({ userId }) => userId) }],
    limit: MAX_MEMBERS,
  });
  const byUser = new Map(rows.map((row) => [row.userId, row]));
  return users
    .flatMap(({ id, name, email }) => {
      const row = byUser.get(id);
      return row ? [{ id, name, email, role: toMembership(row).role, joinedAt: row.createdAt }] : [];
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

const rows = () => mongoose.connection.collection("member");
const keyOf = (organizationId: string, userId: string) => ({
  organizationId: new mongoose.Types.ObjectId(organizationId),
  userId: new mongoose.Types.ObjectId(userId),
});

/** In the transaction that tells it. */
export async function saveOrganizationName(
  organizationId: string,
  name: string,
  session: ClientSession,
): Promise<void> {
  const _id = new mongoose.Types.ObjectId(organizationId);
  await mongoose.connection.collection("organization").updateOne({ _id }, { $set: { name } }, { session });
}

/**
 * One write that cannot meet the owner, whoever becomes owner meanwhile. That there is exactly one is our promise and
 * not better-auth's, so roles are written here: docs/decisions.
 */
export async function setRole(
  organizationId: string,
  userId: string,
  role: Exclude<Role, "owner">,
): Promise<boolean> {
  const who = { ...keyOf(organizationId, userId), role: { $ne: "owner" } };
  return (await rows().updateOne(who, { $set: { role } })).matchedCount === 1;
}

/** False for the owner, and for who is no member. */
export async function deleteMember(organizationId: string, userId: string): Promise<boolean> {
  const who = { ...keyOf(organizationId, userId), role: { $ne: "owner" } };
  return (await rows().deleteOne(who)).deletedCount === 1;
}

/** Both change or neither: there is never none, and never a second owner. False when one of them is not as expected. */
export async function swapOwner(organizationId: string, ownerId: string, nextId: string): Promise<boolean> {
  const session = await mongoose.startSession();
  try {
    let done = false;
    await session.withTransaction(async () => {
      const owner = { ...keyOf(organizationId, ownerId), role: "owner" };
      const next = { ...keyOf(organizationId, nextId), role: { $ne: "owner" } };
      const left = await rows().updateOne(owner, { $set: { role: "admin" } }, { session });
      const entered = await rows().updateOne(next, { $set: { role: "owner" } }, { session });
      done = left.matchedCount === 1 && entered.matchedCount === 1;
      if (!done) await session.abortTransaction();
    });
    return done;
  } finally {
    await session.endSession();
  }
}
