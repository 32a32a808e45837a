import {
  ChangePasswordBody,
  EmailBody,
  PatchAccountBody,
  ResetPasswordBody,
  SessionIdParam,
  SignUpBody,
  type Account,
} from "@dmtracker/shared/contracts/accounts.ts";
import { Router } from "express";
import { fromNodeHeaders } from "better-auth/node";
import type { AppContext } from "#server/app-context.ts";
import { mayCreateOrganization } from "#server/organizations/create-organization.ts";
import { personOf } from "#server/organizations/guard.ts";
import { findOrganizations } from "#server/organizations/member.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { inOurWords, passCookies } from "#server/platform/auth-answer.ts";
import { answer } from "#server/platform/http.ts";
import { changePassword } from "./change-password.ts";
import { sendResetLink } from "./send-reset-link.ts";
import { sendSignUpLink } from "./send-sign-up-link.ts";
import { endAllSessions, endSession, findSessions } from "./session.store.ts";
import { readSignUp, requireOpenSignUp, signUp } from "./sign-up.ts";

const SENT = "If this address can be used here, a mail is on its way";

export function accountsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/sign-up", async (_request, response) => {
    answer(response, await readSignUp(app));
  });

  router.post("/sign-up", async (request, response) => {
    const body = SignUpBody.parse(request.body ?? {});
    passCookies(await signUp(app, body, fromNodeHeaders(request.headers)), response);
    answer(response, {}, "Organization created", 201);
  });

  router.post("/sign-up/link", async (request, response) => {
    const { email } = EmailBody.parse(request.body ?? {});
    await requireOpenSignUp(app);
    await app.limits.take("mail", request.ip ?? "", response);
    await sendSignUpLink(app, email);
    answer(response, {}, SENT);
  });

  router.post("/password-reset/link", async (request, response) => {
    const { email } = EmailBody.parse(request.body ?? {});
    await app.limits.take("mail", request.ip ?? "", response);
    await sendResetLink(app, email);
    answer(response, {}, SENT);
  });

  router.post("/password-reset", async (request, response) => {
    const { token, password } = ResetPasswordBody.parse(request.body ?? {});
    await inOurWords(app.auth.api.resetPassword({ body: { token, newPassword: password } }));
    answer(response, {}, "Password changed, you are signed out everywhere");
  });

  router.get("/account", async (_request, response) => {
    const { user } = personOf(response);
    const organizations = await findOrganizations(app.auth, user.id);
    const account: Account = { user, organizations, mayCreate: mayCreateOrganization(app, organizations) };
    answer(response, account);
  });

  router.patch("/account", async (request, response) => {
    const { name } = PatchAccountBody.parse(request.body ?? {});
    const { user } = personOf(response);
    const { internalAdapter } = await app.auth.$context;
    await internalAdapter.updateUser(user.id, { name });
    answer(response, { user: { ...user, name } }, "Name saved");
  });

  router.post("/account/password", async (request, response) => {
    const body = ChangePasswordBody.parse(request.body ?? {});
    const { user } = personOf(response);
    const passwords = { current: body.password, next: body.new_password };
    await changePassword(app, user.id, passwords, fromNodeHeaders(request.headers));
    answer(response, {}, "Password changed, every other session is signed out");
  });

  router.get("/account/sessions", async (_request, response) => {
    const { user, sessionId } = personOf(response);
    answer(response, { sessions: await findSessions(app.auth, user.id, { sessionId, now: app.now() }) });
  });

  router.delete("/account/sessions", async (_request, response) => {
    const { user } = personOf(response);
    // Said first: each session that ends says only that it has ended.
    app.live.revokeUser(user.id, { cause: "signed_out", reason: "You have signed out everywhere." });
    await endAllSessions(app.auth, user.id);
    answer(response, {}, "Signed out everywhere");
  });

  router.delete("/account/sessions/:sessionId", async (request, response) => {
    const { sessionId } = SessionIdParam.parse(request.params);
    const { user } = personOf(response);
    const ended = await endSession(app.auth, user.id, sessionId);
    if (!ended) throw new AppError("not_found", "No such session");
    answer(response, {}, "Session ended");
  });

  return router;
}
