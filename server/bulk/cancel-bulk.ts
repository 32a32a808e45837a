import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { BulkCaller } from "./bulk-caller.ts";
import { toBulkAction, wantCancel } from "./bulk.store.ts";
import { requireBulk } from "./require-bulk.ts";

/**
 * Ends a bulk action after the part that is on its way. What is done stays, and can be undone.
 * @throws AppError not_found, forbidden
 */
export async function cancelBulk(caller: BulkCaller, id: string): Promise<BulkAction> {
  await requireBulk(caller, id);
  const record = await wantCancel(caller.organizationId, id);
  if (!record) throw new AppError("not_found", "No such bulk action");
  return toBulkAction(record);
}
