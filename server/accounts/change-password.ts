import type { AppContext } from "#server/app-context.ts";
import { inOurWords } from "#server/platform/auth-answer.ts";
import { requirePassword } from "./require-password.ts";

/** Changes the password, then ends every other session: whoever has the old one is out. @throws AppError invalid */
export async function changePassword(
  app: AppContext,
  userId: string,
  passwords: { current: string; next: string },
  headers: Headers,
): Promise<void> {
  await requirePassword(app, userId, passwords.current, headers);
  const body = { currentPassword: passwords.current, newPassword: passwords.next };
  await inOurWords(app.auth.api.changePassword({ body, headers }));
  await inOurWords(app.auth.api.revokeOtherSessions({ headers }));
}
