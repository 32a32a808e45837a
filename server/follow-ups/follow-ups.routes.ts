import { FollowUpsQuery } from "@dmtracker/shared/contracts/follow-ups.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { requireFilter } from "#server/contacts/require-filter.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { answer } from "#server/platform/http.ts";
import { listFollowUps } from "./list-follow-ups.ts";

export function followUpsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/follow-ups", async (request, response) => {
    const { organizationId } = callerOf(response);
    const query = FollowUpsQuery.parse(request.query);
    const filter = requireFilter(request, Object.keys(FollowUpsQuery.shape));
    answer(response, await listFollowUps(app, organizationId, { ...query, filter }));
  });

  return router;
}
