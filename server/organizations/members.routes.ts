import {
  AcceptInvitationBody,
  DeleteOrganizationBody,
  InvitationIdParam,
  InviteBody,
  OrganizationIdParam,
  OrganizationNameBody,
  RoleBody,
  TransferBody,
  UserIdParam,
} from "@dmtracker/shared/contracts/members.ts";
import { TokenBody } from "@dmtracker/shared/contracts/accounts.ts";
import { fromNodeHeaders } from "better-auth/node";
import { Router } from "express";
import { requirePassword } from "#server/accounts/require-password.ts";
import { openOrganization } from "#server/accounts/session.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { passCookies } from "#server/platform/auth-answer.ts";
import { answer } from "#server/platform/http.ts";
import { acceptInvitation, readInvitation } from "./accept-invitation.ts";
import { changeRole } from "./change-role.ts";
import { createOrganization, mayCreateOrganization } from "./create-organization.ts";
import { deleteOrganization } from "./delete-organization.ts";
import { callerOf, personOf } from "./guard.ts";
import { handOutResetLink } from "./hand-out-reset-link.ts";
import { deleteInvitation } from "./invitation.store.ts";
import { inviteMember } from "./invite-member.ts";
import { listMembers } from "./list-members.ts";
import { findMembership, findOrganizations } from "./member.store.ts";
import { removeMember } from "./remove-member.ts";
import { switchOrganization } from "./switch-organization.ts";
import { transferOwnership } from "./transfer-ownership.ts";

/** Who belongs to an organization, who is invited, and whose it is. */
export function membersRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/members", async (_request, response) => {
    answer(response, await listMembers(app, callerOf(response)));
  });

  router.patch("/members/:userId", async (request, response) => {
    const { userId } = UserIdParam.parse(request.params);
    const { role } = RoleBody.parse(request.body ?? {});
    await changeRole(app, callerOf(response), userId, role);
    answer(response, { id: userId, role }, "Role changed");
  });

  router.delete("/members/:userId", async (request, response) => {
    const { userId } = UserIdParam.parse(request.params);
    await removeMember(app, callerOf(response), userId);
    answer(response, {}, "Member removed");
  });

  router.post("/members/:userId/reset-link", async (request, response) => {
    const { userId } = UserIdParam.parse(request.params);
    const link = await handOutResetLink(app, callerOf(response), userId);
    answer(response, { link }, link ? "Hand this link over, it works once" : "A mail is on its way");
  });

  router.post("/invitations", async (request, response) => {
    const body = InviteBody.parse(request.body ?? {});
    const caller = callerOf(response);
    if (app.mail.isConfigured) await app.limits.take("mail", caller.limitKey, response);
    const invitation = await inviteMember(app, caller, body, fromNodeHeaders(request.headers));
    answer(response, { invitation }, "Invitation made", 201);
  });

  router.delete("/invitations/:invitationId", async (request, response) => {
    const { invitationId } = InvitationIdParam.parse(request.params);
    const { organizationId } = callerOf(response);
    const deleted = await deleteInvitation(app.auth, organizationId, invitationId);
    if (!deleted) throw new AppError("not_found", "No such invitation");
    answer(response, {}, "Invitation revoked");
  });

  router.post("/invitations/read", async (request, response) => {
    const { token } = TokenBody.parse(request.body ?? {});
    answer(response, await readInvitation(app, token, fromNodeHeaders(request.headers)));
  });

  router.post("/invitations/accept", async (request, response) => {
    const body = AcceptInvitationBody.parse(request.body ?? {});
    passCookies(await acceptInvitation(app, body, fromNodeHeaders(request.headers)), response);
    answer(response, {}, "Welcome");
  });

  router.post("/organizations", async (request, response) => {
    const { name } = OrganizationNameBody.parse(request.body ?? {});
    const person = personOf(response);
    const own = await findOrganizations(app.auth, person.user.id);
    if (!mayCreateOrganization(app, own))
      throw new AppError("forbidden", "Only who owns an organization here may make another one");
    const organizationId = await createOrganization(app, person.user.id, name);
    await openOrganization(app.auth, person.sessionId, organizationId);
    switchOrganization(app, person, name);
    answer(response, { id: organizationId, name }, "Organization created", 201);
  });

  router.post("/organizations/:organizationId/open", async (request, response) => {
    const { organizationId } = OrganizationIdParam.parse(request.params);
    const person = personOf(response);
    if (!(await findMembership(app.auth, person.user.id, organizationId)))
      throw new AppError("not_found", "No such organization");
    await openOrganization(app.auth, person.sessionId, organizationId);
    const own = await findOrganizations(app.auth, person.user.id);
    const name = own.find(({ id }) => id === organizationId)?.name ?? "";
    switchOrganization(app, person, name);
    answer(response, { id: organizationId, name }, "Organization opened");
  });

  router.post("/organization/owner", async (request, response) => {
    const { user_id: nextId, password } = TransferBody.parse(request.body ?? {});
    const caller = callerOf(response);
    await requirePassword(app, caller.actor.id ?? "", password, fromNodeHeaders(request.headers));
    await transferOwnership(app, caller, nextId);
    answer(response, {}, "Ownership transferred");
  });

  router.post("/organization/leave", async (_request, response) => {
    const caller = callerOf(response);
    await removeMember(app, caller, caller.actor.id ?? "");
    answer(response, {}, "You have left");
  });

  router.delete("/organization", async (request, response) => {
    const { name, password } = DeleteOrganizationBody.parse(request.body ?? {});
    const caller = callerOf(response);
    await requirePassword(app, caller.actor.id ?? "", password, fromNodeHeaders(request.headers));
    await deleteOrganization(app, caller, name);
    answer(response, {}, "Organization deleted");
  });

  return router;
}
