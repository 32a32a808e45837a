import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { request } from "./client.ts";

/** What one needs to know to wait for an action. */
export type BulkGlance = Pick<
  BulkAction,
  "id" | "kind" | "title" | "state" | "total" | "done" | "changed" | "refused" | "actor" | "problems"
>;

/** The newest actions: one's own, for owners and admins everybody's. */
export async function loadBulks(): Promise<BulkGlance[]> {
  const { bulk_actions } = await request<{ bulk_actions: BulkGlance[] }>("/bulk-actions");
  return bulk_actions;
}
