import { z } from "zod";
import { MAX_TOKEN_NAME_LENGTH } from "./limits.ts";
import { Id, Instant } from "./primitives.ts";

/** `POST /api/v1/tokens` */
export const NewToken = z.strictObject({ name: z.string().trim().min(1).max(MAX_TOKEN_NAME_LENGTH) });
export const TokenIdParam = z.object({ tokenId: Id });

/** A token that works. Its secret is nowhere: whoever has lost it makes another one. */
export const ApiToken = z.object({
  id: Id,
  name: z.string(),
  createdAt: Instant,
  /** Name of who made it; null for tokens that came with the demo. */
  createdBy: z.string().nullable(),
  /** At most a minute behind; null when it was never used. */
  lastUsedAt: Instant.nullable(),
});
export type ApiToken = z.infer<typeof ApiToken>;

export const TokenList = z.object({ tokens: z.array(ApiToken) });
/** The one time that a secret is told. */
export const MadeToken = z.object({ token: ApiToken, secret: z.string() });
export type MadeToken = z.infer<typeof MadeToken>;
