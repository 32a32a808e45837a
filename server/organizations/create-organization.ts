import { randomBytes } from "node:crypto";
import type { OwnOrganization } from "@dmtracker/shared/contracts/accounts.ts";
import type { AppContext } from "#server/app-context.ts";
import { inOurWords } from "#server/platform/auth-answer.ts";

/** Where signing up takes an invitation, a new organization takes somebody who already answers for one. */
export function mayCreateOrganization(app: AppContext, own: readonly OwnOrganization[]): boolean {
  return app.env.signUp === "open" || own.some(({ role }) => role === "owner");
}

/** A new organization with its default pipeline; this person is its owner. */
export async function createOrganization(app: AppContext, userId: string, name: string): Promise<string> {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40);
  // Names may be alike, and nobody must learn by trying which ones are taken.
  const slug = `${words}-${randomBytes(6).toString("hex")}`;
  const { id } = await inOurWords(app.auth.api.createOrganization({ body: { name, slug, userId } }));
  return id;
}
