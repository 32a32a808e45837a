import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";

/** A bulk action in the words of the public API. */
export function toBulkAnswer(bulk: BulkAction): Record<string, unknown> {
  const { pipelineId, problems, startedAt, finishedAt, ...same } = bulk;
  return {
    ...same,
    pipeline_id: pipelineId,
    batch_id: bulk.id,
    problems: problems.map(({ contactId, username, message }) => ({
      contact_id: contactId,
      username,
      message,
    })),
    started_at: startedAt,
    finished_at: finishedAt,
  };
}
