import {
  NewLostReason,
  PatchLostReason,
  PatchOrganizationSettings,
  ReasonIdParam,
  type OrganizationSettingsAnswer,
} from "@dmtracker/shared/contracts/organization-rest.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import { addReason, changeReason, deleteReason } from "@dmtracker/shared/pipeline/lost-reasons.ts";
import { Router, type Request } from "express";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { answer } from "#server/platform/http.ts";
import { callerOf } from "./guard.ts";
import { changeLostReasons } from "./change-lost-reasons.ts";
import { changeSettings } from "./change-settings.ts";
import { findOrganization } from "./member.store.ts";
import { findSettings } from "./organization-settings.store.ts";
import { renameOrganization } from "./rename-organization.ts";
import { requireOrganizationSettings } from "./require-organization-settings.ts";

/** What a body names of the settings that hold; the name is no setting, it belongs to the organization itself. */
function toSettings(body: PatchOrganizationSettings, settings: OrganizationSettings) {
  const { time_zone: timeZone, cadence, stops_follow_ups: stops } = body;
  return {
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(cadence === undefined ? {} : { cadence }),
    ...(stops === undefined ? {} : { stopsFollowUps: mergeStops(settings, stops) }),
  };
}

function mergeStops(
  { stopsFollowUps }: OrganizationSettings,
  { won, lost, abandoned }: NonNullable<PatchOrganizationSettings["stops_follow_ups"]>,
): OrganizationSettings["stopsFollowUps"] {
  return {
    won: won ?? stopsFollowUps.won,
    lost: lost ?? stopsFollowUps.lost,
    abandoned: abandoned ?? stopsFollowUps.abandoned,
  };
}

/** Settings of the organization: everybody reads them, owner and admin change them. */
export function organizationSettingsRoutes(app: AppContext): Router {
  const router = Router();

  const read = async (organizationId: string): Promise<OrganizationSettingsAnswer> => {
    const [organization, settings] = await Promise.all([
      findOrganization(app.auth, organizationId),
      findSettings(organizationId),
    ]);
    return {
      name: organization?.name ?? "",
      time_zone: settings.timeZone,
      cadence: settings.cadence,
      stops_follow_ups: settings.stopsFollowUps,
      lost_reasons: settings.lostReasons,
    };
  };
  const requireSettings = (request: Request) => requireOrganizationSettings(app, request);

  router.get("/organization/settings", async (request, response) => {
    const { organizationId } = callerOf(request.res);
    answer(response, await read(organizationId));
  });

  router.patch("/organization/settings", async (request, response) => {
    const call = requireSettings(request);
    const body = PatchOrganizationSettings.parse(request.body ?? {});
    const { mutation, ...unnamed } = call;
    // A key stands for one commit: the name has its own when both are named, and setting it twice is no change.
    if (body.name !== undefined) {
      const alone = Object.keys(body).length === 1;
      await renameOrganization(app, alone ? call : unnamed, body.name);
      if (alone) return answer(response, await read(call.organizationId), "Settings saved");
    }
    await changeSettings(app, { ...unnamed, mutation }, (settings) => ({
      changed: toSettings(body, settings),
      answer: null,
    }));
    answer(response, await read(call.organizationId), "Settings saved");
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
