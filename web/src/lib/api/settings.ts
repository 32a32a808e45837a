import type {
  CountedTag,
  OrganizationSettingsAnswer,
  PatchOrganizationSettings,
} from "@dmtracker/shared/contracts/organization-rest.ts";
import type { ListedReason } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Rule, Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { request } from "./client.ts";
import type { PipelineSummary } from "@dmtracker/shared/contracts/pipeline.ts";

type Named = { name?: string; colour?: string };
type Placed = { name?: string; after?: string | null };

const send = <T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> =>
  request<T>(path, body === undefined ? { method } : { method, body });

export async function addPipeline(name: string): Promise<PipelineSummary> {
  return (await send<{ pipeline: PipelineSummary }>("POST", "/pipelines", { name })).pipeline;
}

export function renamePipeline(pipelineId: string, name: string): Promise<unknown> {
  return send("PATCH", `/pipelines/${pipelineId}`, { name });
}

export function addStage(pipelineId: string, name: string): Promise<unknown> {
  return send("POST", `/pipelines/${pipelineId}/stages`, { name });
}

export function changeStage(pipelineId: string, stageId: string, change: Named & Placed): Promise<unknown> {
  return send("PATCH", `/pipelines/${pipelineId}/stages/${stageId}`, change);
}

export type DeletedStage = { stage: Stage; moved: number; rules_switched_off: Rule[] };

export function deleteStage(
  pipelineId: string,
  stageId: string,
  moveTo: string | undefined,
): Promise<DeletedStage> {
  const query = moveTo === undefined ? "" : `?move_to=${moveTo}`;
  return send("DELETE", `/pipelines/${pipelineId}/stages/${stageId}${query}`);
}

export async function listTags(): Promise<CountedTag[]> {
  return (await request<{ tags: CountedTag[] }>("/tags")).tags;
}

export async function addTag(name: string): Promise<Tag> {
  return (await request<{ tag: Tag }>("/tags", { method: "POST", body: { name } })).tag;
}

export function changeTag(tagId: string, change: Named): Promise<unknown> {
  return send("PATCH", `/tags/${tagId}`, change);
}

export type RemovedTag = { tag: Tag; contacts: number };

export function mergeTag(tagId: string, into: string): Promise<RemovedTag> {
  return send("POST", `/tags/${tagId}/merge`, { into });
}

export function deleteTag(tagId: string): Promise<RemovedTag> {
  return send("DELETE", `/tags/${tagId}`);
}

export function saveSettings(settings: PatchOrganizationSettings): Promise<OrganizationSettingsAnswer> {
  return send("PATCH", "/organization/settings", settings);
}

export function addLostReason(name: string): Promise<{ lost_reason: ListedReason }> {
  return send("POST", "/organization/lost-reasons", { name });
}

export function changeLostReason(reasonId: string, change: Placed): Promise<unknown> {
  return send("PATCH", `/organization/lost-reasons/${reasonId}`, change);
}

export function deleteLostReason(reasonId: string): Promise<unknown> {
  return send("DELETE", `/organization/lost-reasons/${reasonId}`);
}
