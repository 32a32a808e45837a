import type { SavedView } from "@dmtracker/shared/contracts/view.ts";
import type { AppContext } from "#server/app-context.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { requirePerson, requireView, toSavedView } from "./view-rights.ts";
import { removeDefaultView, saveDefaultView } from "./view.store.ts";

/** Makes a view the one that the caller sees first at its place, or no longer. @throws AppError not_found */
export async function chooseDefaultView(
  app: AppContext,
  caller: Caller,
  viewId: string,
  isDefault: boolean,
): Promise<SavedView> {
  const userId = requirePerson(caller);
  const view = await requireView(caller, viewId);
  await (isDefault ? saveDefaultView(userId, view) : removeDefaultView(userId, view));
  app.live.publishViewsChanged(caller.organizationId, userId, view.pipelineId);
  return toSavedView(caller, view);
}
