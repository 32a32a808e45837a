import type { TvLink, WinsBoard } from "@dmtracker/shared/contracts/wins.ts";
import { request } from "./client.ts";

/** Of one pipeline, or of `all`. */
export const loadWins = (pipelineId: string): Promise<WinsBoard> =>
  request<WinsBoard>(`/wins?pipeline_id=${pipelineId}`);

/** The same for a screen that has nothing but the secret of its link. */
export const loadWinsOnTv = (secret: string): Promise<WinsBoard> =>
  request<WinsBoard>("/wins/screen", { headers: { "x-tv-token": secret } });

export async function listTvLinks(): Promise<TvLink[]> {
  return (await request<{ links: TvLink[] }>("/wins/tv-links")).links;
}

export function createTvLink(
  pipelineId: string,
  { name, showsContacts }: { name: string; showsContacts: boolean },
): Promise<{ link: TvLink; url: string }> {
  const body = { name, pipeline_id: pipelineId, shows_contacts: showsContacts };
  return request("/wins/tv-links", { method: "POST", body });
}

export const revokeTvLink = (linkId: string): Promise<object> =>
  request(`/wins/tv-links/${linkId}`, { method: "DELETE" });
