import type { Session } from "@dmtracker/shared/contracts/people.ts";
import { ApiError, readJson, request, send } from "./client.ts";

export function loadSession(signal?: AbortSignal): Promise<Session> {
  return request<Session>("/me", signal ? { signal } : {});
}

/** Accounts live at their own address and answer in their own shape: no envelope. */
async function postToAuth(path: string, body: object): Promise<void> {
  const response = await send(`/api/auth${path}`, { method: "POST", body });
  if (response.ok) return;
  const { message } = (await readJson(response)) as { message?: string };
  if (response.status === 429) throw new ApiError("rate_limited", message ?? "Too many tries, wait a moment");
  const code = response.status === 401 ? "unauthenticated" : "invalid";
  throw new ApiError(code, message ?? "That did not work");
}

export function signIn(email: string, password: string): Promise<void> {
  return postToAuth("/sign-in/email", { email, password });
}

export function signOut(): Promise<void> {
  return postToAuth("/sign-out", {});
}
