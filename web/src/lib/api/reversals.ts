import type { ReversalCause, ReversalPreview } from "@dmtracker/shared/contracts/reversal.ts";
import type { BulkGlance } from "./bulk-actions.ts";
import { request } from "./client.ts";

function bodyOf(pipelineId: string, cause: ReversalCause): Record<string, string> {
  if ("batchId" in cause) return { pipeline_id: pipelineId, batch_id: cause.batchId };
  const { since } = cause;
  if ("ruleId" in cause) return { pipeline_id: pipelineId, since, rule_id: cause.ruleId };
  if ("tokenId" in cause) return { pipeline_id: pipelineId, since, token_id: cause.tokenId };
  return { pipeline_id: pipelineId, since, member_id: cause.memberId };
}

/** What a reversal would do now; nothing is written. */
export function previewReversal(
  pipelineId: string,
  cause: ReversalCause,
  signal: AbortSignal,
): Promise<ReversalPreview> {
  return request("/reversals/preview", { method: "POST", body: bodyOf(pipelineId, cause), signal });
}

/** Over when the answer comes, or on its way as a bulk action. */
export function startReversal(pipelineId: string, cause: ReversalCause): Promise<BulkGlance> {
  return request("/reversals", { method: "POST", body: bodyOf(pipelineId, cause) });
}
