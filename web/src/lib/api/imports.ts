import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import type { ImportMapping } from "@dmtracker/shared/contracts/import-fields.ts";
import type { Import, ImportCheck } from "@dmtracker/shared/contracts/imports.ts";
import { readAnswer, request, sendFile } from "./client.ts";

export async function loadImports(): Promise<Import[]> {
  return (await request<{ imports: Import[] }>("/imports")).imports;
}

export function loadImport(id: string): Promise<Import> {
  return request<Import>(`/imports/${id}`);
}

export async function uploadImport(file: File): Promise<Import> {
  const name = encodeURIComponent(file.name.slice(0, 200) || "contacts.csv");
  return readAnswer<Import>(await sendFile(`/api/v1/imports?name=${name}`, file));
}

type Plan = { mapping: ImportMapping; pipeline_id: string };

export function checkImport(id: string, body: Plan, signal: AbortSignal): Promise<ImportCheck> {
  return request<ImportCheck>(`/imports/${id}/check`, { method: "POST", body, signal });
}

export function startImport(id: string, body: Plan): Promise<Import> {
  return request<Import>(`/imports/${id}/start`, { method: "POST", body });
}

/** Takes a whole import back; owner and admin also when it is long ago. */
export function undoImport({ id, pipeline_id }: Import, isAdmin: boolean): Promise<BulkAction> {
  const body = isAdmin ? { batch_id: id, pipeline_id } : { batch_id: id };
  return request<BulkAction>(isAdmin ? "/reversals" : "/undo", { method: "POST", body });
}

export const problemsAddress = (id: string): string => `/api/v1/imports/${id}/problems`;
