import type { AppContext } from "#server/app-context.ts";
import { inOurWords } from "#server/platform/auth-answer.ts";
import type { Letter } from "#server/platform/mail.ts";

/** Mails a link that sets a new password. The caller learns the same whether there is such an account or not. */
export async function sendResetLink(app: AppContext, email: string): Promise<void> {
  if (!app.mail.isConfigured) return;
  await inOurWords(app.auth.api.requestPasswordReset({ body: { email } }));
}

export function resetLetter(
  publicUrl: string,
  person: { name: string; email: string },
  token: string,
): Letter {
  return {
    to: person.email,
    subject: "A new password for DmTracker",
    text: `Hello ${person.name},\n\nset a new password here, within an hour:\n\n${publicUrl}/reset-password#${token}\n\nIf you did not ask for this, there is nothing to do.\n`,
  };
}
