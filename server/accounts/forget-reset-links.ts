import type { AppContext } from "#server/app-context.ts";
import { handedOutBy, resetLinkName } from "./make-reset-link.ts";

/**
 * A link for a new password is the whole account. When somebody's place changes, those for them and those that they
 * have handed out rest on rights that nobody has any more.
 */
export async function forgetResetLinks(app: AppContext, userId: string): Promise<void> {
  const { adapter } = await app.auth.$context;
  const named = (beginning: string) =>
    ({ field: "identifier", operator: "starts_with", value: resetLinkName(beginning) }) as const;
  await adapter.deleteMany({
    model: "verification",
    where: [{ field: "value", value: userId }, named("")],
  });
  await adapter.deleteMany({ model: "verification", where: [named(handedOutBy(userId))] });
}
