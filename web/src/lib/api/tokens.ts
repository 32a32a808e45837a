import type { ApiToken, MadeToken } from "@dmtracker/shared/contracts/tokens.ts";
import { request } from "./client.ts";

export async function listTokens(): Promise<ApiToken[]> {
  return (await request<{ tokens: ApiToken[] }>("/tokens")).tokens;
}

export function createToken(name: string): Promise<MadeToken> {
  return request("/tokens", { method: "POST", body: { name } });
}

export function revokeToken(tokenId: string): Promise<unknown> {
  return request(`/tokens/${tokenId}`, { method: "DELETE" });
}
