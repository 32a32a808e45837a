import type { SavedView, ViewChange } from "@dmtracker/shared/contracts/view.ts";
import type { AppContext } from "#server/app-context.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { AppError } from "#server/platform/app-error.ts";
import { requireEditableView, toSavedView } from "./view-rights.ts";
import { saveView } from "./view.store.ts";

/** Renames, shares or changes what a view shows. @throws AppError forbidden, not_found */
export async function changeView(
  app: AppContext,
  caller: Caller,
  viewId: string,
  change: ViewChange,
): Promise<SavedView> {
  const before = await requireEditableView(caller, viewId);
  const view = await saveView(viewId, change);
  if (!view) throw new AppError("not_found", "No such view");
  // Who saw it before must also learn that they do not see it any more.
  const forAll = before.shared || view.shared;
  app.live.publishViewsChanged(caller.organizationId, forAll ? null : view.ownerId, view.pipelineId);
  return toSavedView(caller, view);
}
