import {
  Account,
  AccountSession,
  ChangePasswordBody,
  EmailBody,
  PatchAccountBody,
  ResetPasswordBody,
  SignUpBody,
  SignUpState,
  TokenBody,
} from "@dmtracker/shared/contracts/accounts.ts";
import {
  AcceptInvitationBody,
  DeleteOrganizationBody,
  GivenRole,
  Invitation,
  InvitationLetter,
  InviteBody,
  MemberList,
  OrganizationNameBody,
  RoleBody,
  TransferBody,
} from "@dmtracker/shared/contracts/members.ts";
import { Session } from "@dmtracker/shared/contracts/people.ts";
import { Id } from "@dmtracker/shared/contracts/primitives.ts";
import { z } from "zod";
import { CREATED, EXAMPLE_IDS, Nothing, type Descriptions } from "./description.ts";

const Named = z.object({ id: Id, name: z.string() });

/** Accounts, organizations and who belongs to them. */
export const PEOPLE_ENDPOINTS: Descriptions = {
  "GET /me": { chapter: "Account", summary: "Who is signed in, and where", data: Session },
  "GET /account": { chapter: "Account", summary: "One's own account", data: Account },
  "PATCH /account": {
    chapter: "Account",
    summary: "Change one's name",
    body: PatchAccountBody,
    data: z.object({ user: Account.shape.user }),
    example: { body: { name: "Ana Ferreira" } },
  },
  "POST /account/password": {
    chapter: "Account",
    summary: "Change one's password",
    text: "Every other session is signed out.",
    body: ChangePasswordBody,
    data: Nothing,
  },
  "GET /account/sessions": {
    chapter: "Account",
    summary: "Where one is signed in",
    data: z.object({ sessions: z.array(AccountSession) }),
  },
  "DELETE /account/sessions": { chapter: "Account", summary: "Sign out everywhere", data: Nothing },
  "DELETE /account/sessions/:sessionId": { chapter: "Account", summary: "End one session", data: Nothing },
  "GET /sign-up": { chapter: "Account", summary: "Whether one can sign up here", data: SignUpState },
  "POST /sign-up": {
    chapter: "Account",
    summary: "Make an account and an organization",
    body: SignUpBody,
    data: Nothing,
    statuses: CREATED,
  },
  "POST /sign-up/link": {
    chapter: "Account",
    summary: "Ask for a mail that lets one sign up",
    body: EmailBody,
    data: Nothing,
  },
  "POST /password-reset/link": {
    chapter: "Account",
    summary: "Ask for a mail that lets one choose a new password",
    body: EmailBody,
    data: Nothing,
  },
  "POST /password-reset": {
    chapter: "Account",
    summary: "Choose a new password by such a link",
    body: ResetPasswordBody,
    data: Nothing,
  },
  "POST /organizations": {
    chapter: "Account",
    summary: "Make another organization, and open it",
    body: OrganizationNameBody,
    data: Named,
    statuses: CREATED,
    example: { body: { name: "Second brand" } },
  },
  "POST /organizations/:organizationId/open": {
    chapter: "Account",
    summary: "Switch to another of one's organizations",
    data: Named,
  },
  "GET /members": {
    chapter: "Members",
    summary: "Members, and open invitations for who may invite",
    data: MemberList,
  },
  "PATCH /members/:userId": {
    chapter: "Members",
    summary: "Change a role",
    body: RoleBody,
    data: z.object({ id: Id, role: GivenRole }),
    example: { body: { role: "admin" } },
  },
  "DELETE /members/:userId": { chapter: "Members", summary: "Remove a member", data: Nothing },
  "POST /members/:userId/reset-link": {
    chapter: "Members",
    summary: "A one-time link for a new password",
    text: "`link` is null when it was sent by mail.",
    data: z.object({ link: z.string().nullish() }),
  },
  "POST /invitations": {
    chapter: "Members",
    summary: "Invite somebody",
    body: InviteBody,
    data: z.object({ invitation: Invitation }),
    statuses: CREATED,
    example: { body: { email: "new.rep@example.com", role: "member" } },
  },
  "DELETE /invitations/:invitationId": { chapter: "Members", summary: "Revoke an invitation", data: Nothing },
  "POST /invitations/read": {
    chapter: "Members",
    summary: "What an invitation says",
    body: TokenBody,
    data: InvitationLetter,
  },
  "POST /invitations/accept": {
    chapter: "Members",
    summary: "Accept an invitation",
    body: AcceptInvitationBody,
    data: Nothing,
  },
  "POST /organization/owner": {
    chapter: "Members",
    summary: "Make somebody else the owner",
    body: TransferBody,
    data: Nothing,
    example: { body: { user_id: EXAMPLE_IDS.userId, password: "correct horse battery" } },
  },
  "POST /organization/leave": { chapter: "Members", summary: "Leave the organization", data: Nothing },
  "DELETE /organization": {
    chapter: "Organization",
    summary: "Delete the organization with everything in it",
    text: "Its name is typed and the password given, so that nobody deletes one for another.",
    body: DeleteOrganizationBody,
    data: Nothing,
  },
};
