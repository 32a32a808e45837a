import { ContactIdParam, ContactListQuery } from "@dmtracker/shared/contracts/queries.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { findEvenRemoved } from "./contact.store.ts";
import { listContacts } from "./list-contacts.ts";
import { requireFilter } from "./require-filter.ts";

/** Contacts to read; they are changed by the integration endpoints and over the live protocol. */
export function contactsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/contacts", async (request, response) => {
    const { organizationId } = callerOf(response);
    const query = ContactListQuery.parse(request.query);
    const { sort, limit, cursor } = query;
    const filter = requireFilter(request, Object.keys(ContactListQuery.shape));
    const pipelineId = await resolvePipelineId(organizationId, query.pipeline_id);
    // Names read from A; everything else is looked at for what is newest or most.
    const direction = query.direction ?? (sort === "username" ? "asc" : "desc");
    answer(
      response,
      await listContacts(app, { organizationId, pipelineId, filter, sort, direction, limit, cursor }),
    );
  });

  router.get("/contacts/:contactId", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { contactId } = ContactIdParam.parse(request.params);
    const contact = await findEvenRemoved(organizationId, contactId);
    if (!contact) throw new AppError("not_found", "No such contact");
    const [pipeline, members, tags] = await Promise.all([
      findPipeline(contact.pipelineId, organizationId),
      findMembers(app.auth, organizationId),
      findTags(organizationId),
    ]);
    answer(response, { contact, pipeline, members, tags });
  });

  return router;
}
