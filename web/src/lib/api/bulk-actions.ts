import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { request } from "./client.ts";

/** What one needs to know to wait for an action. */
export type BulkGlance = Pick<
  BulkAction,
  "id" | "kind" | "title" | "state" | "total" | "done" | "changed" | "refused" | "actor" | "problems"
>;

/** With its moment and its pipeline, for lists. */
export type ListedBulk = BulkGlance & { started_at: string; pipeline_id: string };

/** The newest actions: one's own, for owners and admins everybody's. */
export async function loadBulks(): Promise<ListedBulk[]> {
  const { bulk_actions } = await request<{ bulk_actions: ListedBulk[] }>("/bulk-actions");
  return bulk_actions;
}
