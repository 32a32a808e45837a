import type { OrganizationImport } from "@dmtracker/shared/contracts/organization-file.ts";
import { ApiError, readAnswer, request, send, sendFile } from "./client.ts";

/** The file as it arrives. */
export async function openExport(signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const response = await send("/api/v1/organization/export", { signal });
  if (!response.ok) await readAnswer(response);
  if (!response.body) throw new ApiError("network", "The server sent no file");
  return response.body;
}

export async function uploadOrganization(file: File): Promise<OrganizationImport> {
  const name = encodeURIComponent(file.name.slice(0, 200) || "organization.jsonl");
  const path = `/api/v1/organization/imports?name=${name}`;
  return readAnswer<OrganizationImport>(await sendFile(path, file, "application/octet-stream"));
}

export function loadOrganizationImport(id: string): Promise<OrganizationImport> {
  return request<OrganizationImport>(`/organization/imports/${id}`);
}

export function startOrganizationImport(id: string): Promise<OrganizationImport> {
  return request<OrganizationImport>(`/organization/imports/${id}/start`, { method: "POST" });
}
