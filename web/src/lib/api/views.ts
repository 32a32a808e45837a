import type { NewView, SavedView, ViewChange } from "@dmtracker/shared/contracts/view.ts";
import { request } from "./client.ts";

export async function listViews(pipelineId: string): Promise<SavedView[]> {
  const { views } = await request<{ views: SavedView[] }>(`/views?pipeline_id=${pipelineId}`);
  return views;
}

export async function createView(body: NewView): Promise<SavedView> {
  const { view } = await request<{ view: SavedView }>("/views", { method: "POST", body });
  return view;
}

export async function changeView(viewId: string, body: ViewChange): Promise<SavedView> {
  const { view } = await request<{ view: SavedView }>(`/views/${viewId}`, { method: "PATCH", body });
  return view;
}

export async function deleteView(viewId: string): Promise<void> {
  await request<unknown>(`/views/${viewId}`, { method: "DELETE" });
}

export async function setDefaultView(viewId: string, isDefault: boolean): Promise<SavedView> {
  const path = `/views/${viewId}/default`;
  const { view } = await request<{ view: SavedView }>(path, { method: isDefault ? "PUT" : "DELETE" });
  return view;
}
