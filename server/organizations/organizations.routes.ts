import type { Session } from "@dmtracker/shared/contracts/people.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { answer } from "#server/platform/http.ts";
import { callerOf, signedInOf } from "./guard.ts";
import { loadDirectory } from "./load-directory.ts";
import { findOrganizations } from "./member.store.ts";
import { findSettings } from "./organization-settings.store.ts";

export function organizationsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/me", async (_request, response) => {
    const { user, role, organizationId } = signedInOf(response);
    const [organizations, { timeZone }] = await Promise.all([
      findOrganizations(app.auth, user.id),
      findSettings(organizationId),
    ]);
    const name = organizations.find(({ id }) => id === organizationId)?.name ?? "";
    const session: Session = {
      user,
      role,
      organization: { id: organizationId, name, timeZone },
      organizations,
    };
    answer(response, session);
  });

  router.get("/directory", async (_request, response) => {
    const { organizationId } = callerOf(response);
    answer(response, await loadDirectory(app, organizationId));
  });

  return router;
}
