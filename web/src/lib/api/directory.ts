import type { Directory } from "@dmtracker/shared/contracts/board.ts";
import { request } from "./client.ts";

export function loadDirectory(signal?: AbortSignal): Promise<Directory> {
  return request<Directory>("/directory", signal ? { signal } : {});
}
