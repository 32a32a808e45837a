import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { AppContext } from "#server/app-context.ts";
import { changeOrganization, type OrganizationCall, type Turn } from "./change-organization.ts";
import { findSettings, saveSettings } from "./organization-settings.store.ts";

/** What becomes of the settings that hold, and what the caller is told. What is not named stays. */
export type SettingsDecision<Answer> = { changed: Partial<OrganizationSettings>; answer: Answer };

/** Changes settings of an organization, live on every open page. */
export async function changeSettings<Answer>(
  app: AppContext,
  call: OrganizationCall,
  decide: (
    settings: OrganizationSettings,
    turn: Turn,
  ) => SettingsDecision<Answer> | Promise<SettingsDecision<Answer>>,
): Promise<Answer> {
  const { organizationId } = call;
  const told = await changeOrganization(app, call, async (turn) => {
    const { batch } = turn;
    const before = batch.changedSettings ?? (await findSettings(organizationId));
    const { changed, answer } = await decide(before, turn);
    const after = { ...before, ...changed };
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      batch.changeSettings(after);
      batch.effects.push((session) => saveSettings(organizationId, changed, session));
    }
    return answer;
  });
  app.recentSettings.forget(organizationId);
  return told;
}
