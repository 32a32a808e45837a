import type { SavedView } from "@dmtracker/shared/contracts/view.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findDefaultViews, findView, type StoredView, type Viewer } from "./view.store.ts";

export function viewerOf({ organizationId, actor, role }: Caller): Viewer {
  return { organizationId, userId: role === "token" ? null : actor.id };
}

/** Views belong to people: a token reads the shared ones and has none of its own. @throws AppError forbidden */
export function requirePerson({ actor, role }: Caller): string {
  if (role === "token" || actor.id === null)
    throw new AppError("forbidden", "Saved views belong to people: sign in to change them");
  return actor.id;
}

/** Its owner; and what everybody sees also an owner or admin. */
export function canEdit({ actor, role }: Caller, { ownerId, shared }: StoredView): boolean {
  if (role === "token") return false;
  return actor.id === ownerId || (shared && (role === "owner" || role === "admin"));
}

/** Private views of others answer like views that do not exist. @throws AppError not_found, forbidden */
export async function requireView(caller: Caller, viewId: string): Promise<StoredView> {
  const view = await findView(viewerOf(caller), viewId);
  if (!view) throw new AppError("not_found", "No such view");
  return view;
}

export async function requireEditableView(caller: Caller, viewId: string): Promise<StoredView> {
  requirePerson(caller);
  const view = await requireView(caller, viewId);
  if (!canEdit(caller, view))
    throw new AppError(
      "forbidden",
      "Only the person who made this view, or an owner or admin, may change it",
    );
  return view;
}

/** Views as the caller sees them. */
export async function toSavedViews(caller: Caller, views: readonly StoredView[]): Promise<SavedView[]> {
  const { userId } = viewerOf(caller);
  const defaults = userId === null ? new Set<string>() : await findDefaultViews(userId, views);
  return views.map(({ organizationId: _organization, ...view }) => ({
    ...view,
    isDefault: defaults.has(view.id),
    canEdit: canEdit(caller, { organizationId: _organization, ...view }),
  }));
}

export async function toSavedView(caller: Caller, view: StoredView): Promise<SavedView> {
  const [saved] = await toSavedViews(caller, [view]);
  return saved as SavedView;
}
