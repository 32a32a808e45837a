import type {
  OrganizationSettingsAnswer,
  PatchOrganizationSettings,
} from "@dmtracker/shared/contracts/organization-rest.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { AppContext } from "#server/app-context.ts";
import type { OrganizationCall } from "./change-organization.ts";
import { changeSettings } from "./change-settings.ts";
import { findOrganization, saveOrganizationName } from "./member.store.ts";

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

export function toSettingsAnswer(name: string, settings: OrganizationSettings): OrganizationSettingsAnswer {
  return {
    name,
    time_zone: settings.timeZone,
    cadence: settings.cadence,
    stops_follow_ups: settings.stopsFollowUps,
    lost_reasons: settings.lostReasons,
  };
}

/** Name and settings in one commit, live on every open page; addresses and tokens do not depend on the name. */
export function patchSettings(
  app: AppContext,
  call: OrganizationCall,
  body: PatchOrganizationSettings,
): Promise<OrganizationSettingsAnswer> {
  const { organizationId } = call;
  return changeSettings(app, call, async (settings, { batch }) => {
    const before = (await findOrganization(app.auth, organizationId))?.name ?? "";
    const name = body.name ?? before;
    if (name !== before) {
      batch.effects.push((session) => saveOrganizationName(organizationId, name, session));
    }
    const changed = toSettings(body, settings);
    return { changed, answer: toSettingsAnswer(name, { ...settings, ...changed }) };
  });
}
