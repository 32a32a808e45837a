import { ContactIdParam } from "@dmtracker/shared/contracts/queries.ts";
import { Router, type Request, type Response } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { changeContact } from "./change-contact.ts";
import { tellChanged } from "./integration-answers.ts";
import { versionOf } from "./require-place.ts";

/** Contacts go and come back: a change like any other, so nothing is deleted. */
export function removalRoutes(app: AppContext): Router {
  const router = Router();

  const change = async (request: Request, response: Response, removed: boolean): Promise<void> => {
    const caller = callerOf(response);
    const { contactId } = ContactIdParam.parse(request.params);
    const seenVersion = versionOf(request);
    const done = await changeContact(app, {
      organizationId: caller.organizationId,
      contactId,
      change: { removed },
      actor: caller.actor,
      seenVersion,
      strict: seenVersion !== undefined,
      mutation: mutationOf(request, caller, [request.method, request.path, request.query]),
    });
    await tellChanged({ app, request, response }, done);
  };

  router.delete("/contacts/:contactId", (request, response) => change(request, response, true));
  router.post("/contacts/:contactId/restore", (request, response) => change(request, response, false));

  return router;
}
