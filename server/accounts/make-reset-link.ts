import { randomBytes } from "node:crypto";
import type { AppContext } from "#server/app-context.ts";

const LINK_HOURS = 24;

/** A link that sets a new password, once. better-auth redeems it like one that it has mailed itself. */
export async function makeResetLink(app: AppContext, userId: string): Promise<string> {
  const { internalAdapter } = await app.auth.$context;
  const token = randomBytes(24).toString("base64url");
  await internalAdapter.createVerificationValue({
    value: userId,
    identifier: `reset-password:${token}`,
    expiresAt: new Date(app.now().getTime() + LINK_HOURS * 3_600_000),
  });
  return `${app.env.publicUrl}/reset-password#${token}`;
}
