import { AppError } from "#server/platform/app-error.ts";
import type { BulkCaller } from "./bulk-caller.ts";
import type { BulkRecord } from "./bulk.model.ts";
import { findBulk } from "./bulk.store.ts";

/**
 * One's own bulk action, or anybody's for owner and admin.
 * @throws AppError not_found
 */
export async function requireBulk(
  { organizationId, actor, isAdmin }: BulkCaller,
  id: string,
): Promise<BulkRecord> {
  const record = await findBulk(organizationId, id);
  const isOwn = record?.actor.type === actor.type && record.actor.id === actor.id;
  if (!record || !(isOwn || isAdmin)) throw new AppError("not_found", "No such bulk action");
  return record;
}
