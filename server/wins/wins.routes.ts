import { NewTvLink, TvLinkParam, WinsQuery, type WinsOf } from "@dmtracker/shared/contracts/wins.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { listWins, listWinsForScreen } from "./list-wins.ts";
import { requireTvLink, TV_LINK_REVOKED } from "./require-tv-link.ts";
import { findTvLinks, insertTvLink, revokeTvLink } from "./tv-link.store.ts";

/** The header that a screen without an account shows; it opens `GET /wins/screen` and nothing else. */
const TV_HEADER = "x-tv-token";

/** Null: all pipelines. */
async function requireWinsOf(organizationId: string, named: WinsOf | undefined): Promise<string | null> {
  return named === "all" ? null : resolvePipelineId(organizationId, named);
}

export function winsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/wins", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { pipeline_id: named } = WinsQuery.parse(request.query);
    answer(response, await listWins(app, organizationId, await requireWinsOf(organizationId, named)));
  });

  router.get("/wins/screen", async (request, response) => {
    const link = await requireTvLink(app, request.headers[TV_HEADER]);
    answer(response, await listWinsForScreen(app, link));
  });

  router.get("/wins/tv-links", async (_request, response) => {
    const caller = callerOf(response);
    answer(response, { links: await findTvLinks(caller.organizationId) });
  });

  router.post("/wins/tv-links", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { name, pipeline_id: named, shows_contacts: showsContacts } = NewTvLink.parse(request.body ?? {});
    const pipelineId = await requireWinsOf(organizationId, named);
    const createdAt = app.now();
    const made = await insertTvLink({ organizationId, pipelineId, name, showsContacts, createdAt });
    // Behind the #: a browser never sends that part, so the secret is in no log on the way.
    const url = `${app.env.publicUrl}/tv#${made.secret}`;
    answer(response, { link: made.link, url }, "TV link created", 201);
  });

  router.delete("/wins/tv-links/:linkId", async (request, response) => {
    const caller = callerOf(response);
    const { linkId } = TvLinkParam.parse(request.params);
    if (!(await revokeTvLink(caller.organizationId, linkId, app.now())))
      throw new AppError("not_found", "No such TV link");
    app.live.revokeTvLink(linkId, TV_LINK_REVOKED);
    answer(response, {}, "TV link revoked");
  });

  return router;
}
