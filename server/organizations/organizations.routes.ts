import type { Directory } from "@dmtracker/shared/contracts/board.ts";
import type { Session } from "@dmtracker/shared/contracts/people.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { findSignedIn, requireCaller } from "./caller.ts";
import { findMembers, findOrganization } from "./member.store.ts";
import { findSettings } from "./organization-settings.store.ts";

export function organizationsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/me", async (request, response) => {
    const signedIn = await findSignedIn(app, request.headers);
    if (!signedIn) throw new AppError("unauthenticated", "You are signed out");
    const { user, role, organizationId } = signedIn;
    const [organization, { timeZone }] = await Promise.all([
      findOrganization(app.auth, organizationId),
      findSettings(organizationId),
    ]);
    const session: Session = {
      user,
      role,
      organization: { id: organizationId, name: organization?.name ?? "", timeZone },
    };
    answer(response, session);
  });

  router.get("/directory", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const [members, tags, settings] = await Promise.all([
      findMembers(app.auth, organizationId),
      findTags(organizationId),
      findSettings(organizationId),
    ]);
    const directory: Directory = { members, tags, settings };
    answer(response, directory);
  });

  return router;
}
