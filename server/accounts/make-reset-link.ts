import { randomBytes } from "node:crypto";
import type { AppContext } from "#server/app-context.ts";

const LINK_HOURS = 24;

/** better-auth's own name for such a link; whoever makes one for somebody else is named in it. */
export const resetLinkName = (token: string): string => `reset-password:${token}`;
export const handedOutBy = (makerId: string): string => `${makerId}-`;

/**
 * A link that sets a new password, once. better-auth redeems it like one that it has mailed itself.
 * @param makerId who hands it over: it is worth nothing any more when they lose the right to
 */
export async function makeResetLink(app: AppContext, userId: string, makerId?: string): Promise<string> {
  const { internalAdapter } = await app.auth.$context;
  const secret = randomBytes(24).toString("base64url");
  const token = makerId === undefined ? secret : handedOutBy(makerId) + secret;
  await internalAdapter.createVerificationValue({
    value: userId,
    identifier: resetLinkName(token),
    expiresAt: new Date(app.now().getTime() + LINK_HOURS * 3_600_000),
  });
  return `${app.env.publicUrl}/reset-password#${token}`;
}
