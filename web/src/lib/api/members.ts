import type { GivenRole, Invitation, MemberList } from "@dmtracker/shared/contracts/members.ts";
import { request } from "./client.ts";

export const loadMembers = () => request<MemberList>("/members");

export async function inviteMember(email: string, role: GivenRole): Promise<Invitation> {
  const body = { email, role };
  return (await request<{ invitation: Invitation }>("/invitations", { method: "POST", body })).invitation;
}

export const revokeInvitation = (id: string) => request(`/invitations/${id}`, { method: "DELETE" });

export const changeRole = (userId: string, role: GivenRole) =>
  request(`/members/${userId}`, { method: "PATCH", body: { role } });

export const removeMember = (userId: string) => request(`/members/${userId}`, { method: "DELETE" });

/** The link to hand over; null when it went by mail. */
export async function makeResetLink(userId: string): Promise<string | null> {
  const path = `/members/${userId}/reset-link`;
  return (await request<{ link: string | null }>(path, { method: "POST" })).link;
}

export const transferOwnership = (userId: string, password: string) =>
  request("/organization/owner", { method: "POST", body: { user_id: userId, password } });

export const leaveOrganization = () => request("/organization/leave", { method: "POST" });

export const deleteOrganization = (name: string, password: string) =>
  request("/organization", { method: "DELETE", body: { name, password } });
