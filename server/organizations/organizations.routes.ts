import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { answer } from "#server/platform/http.ts";
import { describeSession } from "./describe-session.ts";
import { callerOf, signedInOf } from "./guard.ts";
import { loadDirectory } from "./load-directory.ts";

export function organizationsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/me", async (_request, response) => {
    answer(response, await describeSession(app, signedInOf(response)));
  });

  router.get("/directory", async (_request, response) => {
    const { organizationId } = callerOf(response);
    answer(response, await loadDirectory(app, organizationId));
  });

  return router;
}
