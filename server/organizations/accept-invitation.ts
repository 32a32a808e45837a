import type { AcceptInvitationBody, InvitationLetter } from "@dmtracker/shared/contracts/members.ts";
import { forgetResetLinks } from "#server/accounts/forget-reset-links.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { asRequestHeaders, inOurWords } from "#server/platform/auth-answer.ts";
import { unseal } from "#server/platform/seal.ts";
import { announceOrganization } from "./announce-organization.ts";
import { findPerson } from "./caller.ts";
import { findInvitation, type OpenInvitation } from "./invitation.store.ts";
import { findMembers, findOrganization, findUserByEmail } from "./member.store.ts";

async function requireInvitation(app: AppContext, token: string): Promise<OpenInvitation> {
  const id = unseal(app.env.authSecret, "invitation", token);
  const invitation = id ? await findInvitation(app.auth, id, app.now()) : undefined;
  if (!invitation) {
    throw new AppError("not_found", "This invitation is no longer valid. Ask for a new one.");
  }
  return invitation;
}

async function nextStep(app: AppContext, email: string, headers: Headers): Promise<InvitationLetter["next"]> {
  const person = await findPerson(app, Object.fromEntries(headers));
  if (person) return person.user.email.toLowerCase() === email.toLowerCase() ? "ready" : "other";
  return (await findUserByEmail(app.auth, email)) ? "sign_in" : "new";
}

/** What the link says to who opens it. @throws AppError not_found */
export async function readInvitation(
  app: AppContext,
  token: string,
  headers: Headers,
): Promise<InvitationLetter> {
  const { email, role, organizationId, inviterId } = await requireInvitation(app, token);
  const [organization, members, next] = await Promise.all([
    findOrganization(app.auth, organizationId),
    findMembers(app.auth, organizationId),
    nextStep(app, email, headers),
  ]);
  const invitedBy = members.find(({ id }) => id === inviterId)?.name ?? "Somebody who has left";
  return { organization: organization?.name ?? "", email, role, invitedBy, next };
}

async function makeAccount(
  app: AppContext,
  email: string,
  { name, password }: AcceptInvitationBody,
  headers: Headers,
): Promise<Headers> {
  if (!name) throw invalidField("name", "write your name");
  if (!password) throw invalidField("password", "choose a password");
  const body = { name, email, password };
  return (await inOurWords(app.auth.api.signUpEmail({ body, headers, returnHeaders: true }))).headers;
}

/**
 * Joins the organization, with the account of the invited address: signed in, or made now.
 * @returns cookies of a session that was made now
 * @throws AppError not_found, unauthenticated, forbidden, invalid
 */
export async function acceptInvitation(
  app: AppContext,
  body: AcceptInvitationBody,
  headers: Headers,
): Promise<Headers> {
  const { id, email, organizationId } = await requireInvitation(app, body.token);
  const next = await nextStep(app, email, headers);
  if (next === "sign_in") throw new AppError("unauthenticated", `Sign in as ${email} to accept`);
  if (next === "other") {
    throw new AppError("forbidden", `This invitation is for ${email}: sign out, then open the link again`);
  }
  const made = next === "new" ? await makeAccount(app, email, body, headers) : undefined;
  const session = made ? asRequestHeaders(made) : headers;
  const { member } = await inOurWords(
    app.auth.api.acceptInvitation({ body: { invitationId: id }, headers: session }),
  );
  // Who belongs elsewhere too must not be open to whom an admin of one place has given a link.
  await forgetResetLinks(app, member.userId);
  const joined = { type: "user", id: member.userId, name: body.name ?? email } as const;
  await announceOrganization(app, organizationId, joined);
  return made ?? new Headers();
}
