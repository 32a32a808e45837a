import type { AppContext } from "#server/app-context.ts";
import type { Person } from "./caller.ts";

/** One session looks at one organization: pages that still show another one say so instead of mixing both. */
export function switchOrganization(app: AppContext, { sessionId }: Person, name: string): void {
  app.live.revokeSession(sessionId, { cause: "switched", reason: `You have opened ${name}.` });
}
