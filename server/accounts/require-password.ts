import type { AppContext } from "#server/app-context.ts";
import { inOurWords } from "#server/platform/auth-answer.ts";

/** What cannot be undone asks for the password again; guessing it costs. @throws AppError invalid, rate_limited */
export async function requirePassword(
  app: AppContext,
  userId: string,
  password: string,
  headers: Headers,
): Promise<void> {
  await app.limits.take("signIn", `password ${userId}`);
  await inOurWords(app.auth.api.verifyPassword({ body: { password }, headers }));
  await app.limits.forget("signIn", `password ${userId}`);
}
