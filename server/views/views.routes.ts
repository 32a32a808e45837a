import { NewView, ViewChange, ViewIdParam, ViewsQuery } from "@dmtracker/shared/contracts/view.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { answer } from "#server/platform/http.ts";
import { changeView } from "./change-view.ts";
import { chooseDefaultView } from "./choose-default-view.ts";
import { createView } from "./create-view.ts";
import { deleteView } from "./delete-view.ts";
import { toSavedViews, viewerOf } from "./view-rights.ts";
import { findViews } from "./view.store.ts";

export function viewsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/views", async (request, response) => {
    const caller = callerOf(response);
    const { pipeline_id: pipelineId, place } = ViewsQuery.parse(request.query);
    const views = await findViews(viewerOf(caller), { pipelineId, place });
    answer(response, { views: await toSavedViews(caller, views) });
  });

  router.post("/views", async (request, response) => {
    const caller = callerOf(response);
    const view = await createView(app, caller, NewView.parse(request.body ?? {}));
    answer(response, { view }, "View saved", 201);
  });

  router.patch("/views/:viewId", async (request, response) => {
    const caller = callerOf(response);
    const { viewId } = ViewIdParam.parse(request.params);
    const view = await changeView(app, caller, viewId, ViewChange.parse(request.body ?? {}));
    answer(response, { view }, "View saved");
  });

  router.delete("/views/:viewId", async (request, response) => {
    const caller = callerOf(response);
    const { viewId } = ViewIdParam.parse(request.params);
    await deleteView(app, caller, viewId);
    answer(response, {}, "View deleted");
  });

  router.put("/views/:viewId/default", async (request, response) => {
    const caller = callerOf(response);
    const { viewId } = ViewIdParam.parse(request.params);
    const view = await chooseDefaultView(app, caller, viewId, true);
    answer(response, { view }, "This view opens first");
  });

  router.delete("/views/:viewId/default", async (request, response) => {
    const caller = callerOf(response);
    const { viewId } = ViewIdParam.parse(request.params);
    const view = await chooseDefaultView(app, caller, viewId, false);
    answer(response, { view }, "No view opens first");
  });

  return router;
}
