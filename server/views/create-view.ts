import { MAX_VIEWS } from "@dmtracker/shared/contracts/limits.ts";
import type { NewView, SavedView } from "@dmtracker/shared/contracts/view.ts";
import type { AppContext } from "#server/app-context.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { requirePerson, toSavedView } from "./view-rights.ts";
import { countViewsOf, insertView } from "./view.store.ts";

/** @throws AppError forbidden, not_found, invalid */
export async function createView(app: AppContext, caller: Caller, input: NewView): Promise<SavedView> {
  const ownerId = requirePerson(caller);
  const { organizationId } = caller;
  if (!(await findPipeline(input.pipelineId, organizationId)))
    throw new AppError("not_found", "No such pipeline");
  if ((await countViewsOf(organizationId, ownerId)) >= MAX_VIEWS)
    throw invalidField("name", `a member may save at most ${MAX_VIEWS} views: delete one first`);
  const view = await insertView({ organizationId, ownerId }, input, app.now());
  app.live.publishViewsChanged(organizationId, view.shared ? null : ownerId, view.pipelineId);
  return toSavedView(caller, view);
}
