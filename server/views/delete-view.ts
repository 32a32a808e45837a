import type { AppContext } from "#server/app-context.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { requireEditableView } from "./view-rights.ts";
import { removeView } from "./view.store.ts";

/** @throws AppError forbidden, not_found */
export async function deleteView(app: AppContext, caller: Caller, viewId: string): Promise<void> {
  const { ownerId, shared, pipelineId } = await requireEditableView(caller, viewId);
  await removeView(viewId);
  app.live.publishViewsChanged(caller.organizationId, shared ? null : ownerId, pipelineId);
}
