import { ActivityPageQuery, ActivityQuery } from "@dmtracker/shared/contracts/activity.ts";
import { ContactIdParam } from "@dmtracker/shared/contracts/queries.ts";
import { FILTER_KEYS } from "@dmtracker/shared/pipeline/filter-query.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { findEvenRemoved } from "#server/contacts/contact.store.ts";
import { requireFilter } from "#server/contacts/require-filter.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { readActivity } from "./read-activity.ts";

const isFilterKey = (key: string): boolean => (FILTER_KEYS as readonly string[]).includes(key);

export function activityRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/activity", async (request, response) => {
    const { organizationId } = callerOf(request.res);
    const contacts = requireFilter(request, Object.keys(ActivityQuery.shape));
    const own = Object.entries(request.query).filter(([key]) => !isFilterKey(key));
    const query = ActivityQuery.parse(Object.fromEntries(own));
    const { kind, actor, pipeline_id: named, ...range } = query;
    const pipelineId = await resolvePipelineId(organizationId, named);
    const lines = { kinds: kind, actors: actor };
    answer(response, await readActivity(app, { organizationId, pipelineId, contacts, lines, ...range }));
  });

  router.get("/contacts/:contactId/activity", async (request, response) => {
    const { organizationId } = callerOf(request.res);
    const { contactId } = ContactIdParam.parse(request.params);
    const { kind, actor, ...range } = ActivityPageQuery.parse(request.query);
    const contact = await findEvenRemoved(organizationId, contactId);
    if (!contact) throw new AppError("not_found", "No such contact");
    const { pipelineId } = contact;
    const lines = { kinds: kind, actors: actor };
    answer(response, await readActivity(app, { organizationId, pipelineId, contactId, lines, ...range }));
  });

  return router;
}
