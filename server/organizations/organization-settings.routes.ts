import {
  NewLostReason,
  PatchLostReason,
  PatchOrganizationSettings,
  ReasonIdParam,
} from "@dmtracker/shared/contracts/organization-rest.ts";
import { addReason, changeReason, deleteReason } from "@dmtracker/shared/pipeline/lost-reasons.ts";
import { Router, type Request } from "express";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { answer } from "#server/platform/http.ts";
import { callerOf } from "./guard.ts";
import { changeLostReasons } from "./change-lost-reasons.ts";
import { findOrganization } from "./member.store.ts";
import { findSettings } from "./organization-settings.store.ts";
import { patchSettings, toSettingsAnswer } from "./patch-settings.ts";
import { requireOrganizationSettings } from "./require-organization-settings.ts";

/** Settings of the organization: everybody reads them, owner and admin change them. */
export function organizationSettingsRoutes(app: AppContext): Router {
  const router = Router();

  const requireSettings = (request: Request) => requireOrganizationSettings(app, request);

  router.get("/organization/settings", async (request, response) => {
    const { organizationId } = callerOf(request.res);
    const [organization, settings] = await Promise.all([
      findOrganization(app.auth, organizationId),
      findSettings(organizationId),
    ]);
    answer(response, toSettingsAnswer(organization?.name ?? "", settings));
  });

  router.patch("/organization/settings", async (request, response) => {
    const call = requireSettings(request);
    const body = PatchOrganizationSettings.parse(request.body ?? {});
    answer(response, await patchSettings(app, call, body), "Settings saved");
  });

  router.post("/organization/lost-reasons", async (request, response) => {
    const call = requireSettings(request);
    const { name } = NewLostReason.parse(request.body ?? {});
    const id = new mongoose.Types.ObjectId().toHexString();
    const reason = await changeLostReasons(app, call, (reasons) => addReason(reasons, name, id));
    answer(response, { lost_reason: reason }, "Lost reason added", 201);
  });

  router.patch("/organization/lost-reasons/:reasonId", async (request, response) => {
    const call = requireSettings(request);
    const { reasonId } = ReasonIdParam.parse(request.params);
    const change = PatchLostReason.parse(request.body ?? {});
    const reason = await changeLostReasons(app, call, (reasons) => changeReason(reasons, reasonId, change));
    answer(response, { lost_reason: reason }, "Lost reason saved");
  });

  router.delete("/organization/lost-reasons/:reasonId", async (request, response) => {
    const call = requireSettings(request);
    const { reasonId } = ReasonIdParam.parse(request.params);
    const reason = await changeLostReasons(app, call, (reasons) => deleteReason(reasons, reasonId));
    answer(response, { lost_reason: reason }, "Lost reason deleted");
  });

  return router;
}
