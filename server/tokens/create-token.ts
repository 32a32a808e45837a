import { MAX_TOKENS } from "@dmtracker/shared/contracts/limits.ts";
import type { MadeToken } from "@dmtracker/shared/contracts/tokens.ts";
import type { AppContext } from "#server/app-context.ts";
import { announceOrganization } from "#server/organizations/announce-organization.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { findTokens, insertToken } from "./token.store.ts";

/** Makes a token; its secret is told now and never again. Other admins' open pages learn that there is one more. */
export async function createToken(
  app: AppContext,
  { organizationId, actor }: Caller,
  name: string,
): Promise<MadeToken> {
  const tokens = await findTokens(organizationId);
  if (tokens.length >= MAX_TOKENS) {
    throw invalidField("name", `There are ${MAX_TOKENS} tokens already: revoke one that nobody uses`);
  }
  const isTaken = tokens.some((token) => token.name.toLowerCase() === name.toLowerCase());
  // History names tokens: two of one name could not be told apart there.
  if (isTaken) throw invalidField("name", "Another token has this name");
  const made = await insertToken(organizationId, name, app.now(), actor.name);
  await announceOrganization(app, organizationId, actor);
  return made;
}
