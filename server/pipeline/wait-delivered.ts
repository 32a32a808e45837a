import type { Delivered } from "@dmtracker/shared/contracts/rest.ts";
import type { Request } from "express";
import type { AppContext } from "#server/app-context.ts";

/** `Prefer: wait=delivered`, alone or among other preferences (RFC 7240). */
const WAIT = /(?:^|[,;\s])wait="?delivered"?(?:$|[,;\s])/i;

/**
 * When the caller asks for it: how many open boards of the pipeline there are, and how many of them have applied
 * everything up to what was committed. It waits for them for a bounded time; the change stands either way.
 */
export async function waitDelivered(
  app: AppContext,
  request: Request,
  { pipelineId, seq }: { pipelineId: string; seq: number },
): Promise<Delivered | undefined> {
  return WAIT.test(request.get("prefer") ?? "") ? app.live.askDelivered(pipelineId, seq) : undefined;
}
