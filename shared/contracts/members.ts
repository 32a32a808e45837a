import { z } from "zod";
import { AccountEmail, OrganizationName, Password, PersonName, NewPassword } from "./accounts.ts";
import { Member } from "./people.ts";
import { Id } from "./primitives.ts";

/** The roles that are given: there is one owner, and ownership is transferred. */
export const GivenRole = z.enum(["admin", "member"]);
export type GivenRole = z.infer<typeof GivenRole>;

export const InviteBody = z.strictObject({ email: AccountEmail, role: GivenRole });
export const RoleBody = z.strictObject({ role: GivenRole });
export const UserIdParam = z.object({ userId: Id });
/** Invitations have opaque ids of their own. */
const InvitationId = z.string().regex(/^[\w-]{1,64}$/, "must be the id of an invitation");
export const InvitationIdParam = z.object({ invitationId: InvitationId });
export const OrganizationIdParam = z.object({ organizationId: Id });
export const OrganizationNameBody = z.strictObject({ name: OrganizationName });
export const TransferBody = z.strictObject({ user_id: Id, password: Password });
/** The name is typed, so that nobody deletes one organization for another. */
export const DeleteOrganizationBody = z.strictObject({ name: z.string().max(200), password: Password });
/** `name` and `password` make the account that the invitation is for, when there is none yet. */
export const AcceptInvitationBody = z.strictObject({
  token: z.string().min(1).max(600),
  name: PersonName.optional(),
  password: NewPassword.optional(),
});
export type AcceptInvitationBody = z.infer<typeof AcceptInvitationBody>;

export const MemberDetails = z.object({
  ...Member.shape,
  joinedAt: z.iso.datetime(),
  /** At most a minute behind; null for who has not come yet. */
  lastSeenAt: z.iso.datetime().nullable(),
});
export type MemberDetails = z.infer<typeof MemberDetails>;

export const Invitation = z.object({
  id: InvitationId,
  email: z.string(),
  role: GivenRole,
  invitedBy: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** Whoever has it and the e-mail of the invitation can join. */
  link: z.string(),
});
export type Invitation = z.infer<typeof Invitation>;

/** `GET /members`; invitations only for who may invite. */
export const MemberList = z.object({ members: z.array(MemberDetails), invitations: z.array(Invitation) });
export type MemberList = z.infer<typeof MemberList>;

/** What an invitation says to who opens its link. */
export const InvitationLetter = z.object({
  organization: z.string(),
  email: z.string(),
  role: GivenRole,
  invitedBy: z.string(),
  /** `new`: make an account; `sign_in`: there is one; `other`: signed in as somebody else; `ready`: join. */
  next: z.enum(["new", "sign_in", "other", "ready"]),
});
export type InvitationLetter = z.infer<typeof InvitationLetter>;
