import type { SignUpBody, SignUpState } from "@dmtracker/shared/contracts/accounts.ts";
import type { AppContext } from "#server/app-context.ts";
import { createOrganization } from "#server/organizations/create-organization.ts";
import { hasOrganizations } from "#server/organizations/member.store.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { inOurWords } from "#server/platform/auth-answer.ts";
import { readSignUpLink } from "./send-sign-up-link.ts";

/** Open for everybody, or for the first person of all. */
export async function readSignUp(app: AppContext): Promise<SignUpState> {
  const first = !(await hasOrganizations(app.auth));
  return { open: first || app.env.signUp === "open", first, mail: app.mail.isConfigured };
}

/** @throws AppError forbidden */
export async function requireOpenSignUp(app: AppContext): Promise<void> {
  const { open } = await readSignUp(app);
  if (!open) throw new AppError("forbidden", "Signing up here takes an invitation: ask an owner or admin");
}

function emailOf(app: AppContext, { email, token }: SignUpBody): string {
  if (app.mail.isConfigured) {
    const proved = token && readSignUpLink(app, token);
    if (!proved) throw invalidField("token", "This link is no longer valid. Sign up again to get a new one.");
    return proved;
  }
  if (!email) throw invalidField("email", "must be an e-mail address");
  return email;
}

/**
 * Makes an account and its organization, whose owner it is.
 * @returns the cookies of the new session
 * @throws AppError forbidden, invalid, duplicate
 */
export async function signUp(app: AppContext, body: SignUpBody, headers: Headers): Promise<Headers> {
  await requireOpenSignUp(app);
  const email = emailOf(app, body);
  const { name, password } = body;
  const made = await inOurWords(
    app.auth.api.signUpEmail({ body: { name, email, password }, headers, returnHeaders: true }),
  );
  await createOrganization(app, made.response.user.id, body.organization_name);
  return made.headers;
}
