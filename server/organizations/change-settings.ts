import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { AppContext } from "#server/app-context.ts";
import { requireAdmin, type Caller } from "./caller.ts";
import { findSettings, saveSettings } from "./organization-settings.store.ts";

/** Changes settings of the caller's organization; what is not named stays as it is. @throws AppError forbidden */
export async function changeSettings(
  app: AppContext,
  caller: Caller,
  settings: Partial<OrganizationSettings>,
): Promise<OrganizationSettings> {
  requireAdmin(caller);
  await saveSettings(caller.organizationId, settings);
  app.recentSettings.forget(caller.organizationId);
  return findSettings(caller.organizationId);
}
