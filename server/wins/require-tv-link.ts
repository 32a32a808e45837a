import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findTvLink, type KnownTvLink } from "./tv-link.store.ts";

/** The link that a screen shows. It opens wins and nothing else. @throws AppError unauthenticated */
export async function requireTvLink(app: AppContext, secret: unknown): Promise<KnownTvLink> {
  const link = typeof secret === "string" ? await findTvLink(secret, app.now()) : undefined;
  if (!link) throw new AppError("unauthenticated", "This TV link is not known");
  if (link.isRevoked) throw new AppError("unauthenticated", TV_LINK_REVOKED);
  return link;
}

export const TV_LINK_REVOKED = "This TV link was revoked";
