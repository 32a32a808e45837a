import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { AppContext } from "#server/app-context.ts";
import { findPipelines } from "#server/pipeline/pipeline.store.ts";
import { recordPipelineEvent } from "#server/pipeline/record-pipeline-event.ts";

type Told = { actor: Actor; batchId?: string };

/** One event in the log of each of these pipelines: whoever has one open reads the newest. */
export async function announceIn(
  app: AppContext,
  pipelineIds: readonly string[],
  { actor, batchId }: Told,
): Promise<void> {
  await Promise.all(
    pipelineIds.map((pipelineId) =>
      app.commits.submit(pipelineId, {
        contactIds: [],
        decide: (batch, ownBatchId) => {
          recordPipelineEvent(batch, {
            type: "organization.changed",
            before: {},
            after: {},
            actor,
            batchId: batchId ?? ownBatchId,
            at: app.now(),
          });
          return null;
        },
      }),
    ),
  );
}

/**
 * Tells every open page that names, people or settings of the organization have changed, after they have. Never fails:
 * what was done is done, and must not be answered as if it were not because nobody could be told.
 */
export async function announceOrganization(
  app: AppContext,
  organizationId: string,
  actor: Actor,
): Promise<void> {
  try {
    const pipelines = await findPipelines(organizationId);
    const ids = pipelines.map(({ id }) => id);
    await announceIn(app, ids, { actor });
  } catch (error) {
    app.logger.warn({ err: error, organizationId }, "open pages were not told of a change");
  }
}
