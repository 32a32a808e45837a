import type { AppContext } from "#server/app-context.ts";
import { findUserByEmail } from "#server/organizations/member.store.ts";
import { seal, unseal } from "#server/platform/seal.ts";

const LINK_HOURS = 24;

/** The address that a link was sent to; undefined when it is too old or nobody sent it. */
export function readSignUpLink(app: AppContext, token: string): string | undefined {
  const value = unseal(app.env.authSecret, "sign-up", token);
  if (!value) return undefined;
  const [until = "", email] = value.split(" ");
  return Number(until) > app.now().getTime() ? email : undefined;
}

/** Whoever asks learns nothing: the one who reads the mail learns whether there is an account. */
export async function sendSignUpLink(app: AppContext, email: string): Promise<void> {
  const { publicUrl, authSecret } = app.env;
  const known = await findUserByEmail(app.auth, email);
  if (known) {
    app.mail.send({
      to: email,
      subject: "Your DmTracker account",
      text: `Somebody wants to sign up with this address, and there is an account with it already.\n\nSign in: ${publicUrl}/sign-in\nNew password: ${publicUrl}/forgot-password\n\nIf it was not you, there is nothing to do.\n`,
    });
    return;
  }
  const until = app.now().getTime() + LINK_HOURS * 3_600_000;
  const token = seal(authSecret, "sign-up", `${until} ${email}`);
  app.mail.send({
    to: email,
    subject: "Welcome to DmTracker",
    text: `Go on with your new organization here, within ${LINK_HOURS} hours:\n\n${publicUrl}/sign-up#${token}\n\nIf you did not ask for this, there is nothing to do.\n`,
  });
}
