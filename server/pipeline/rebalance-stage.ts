import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { LONG_RANK, ranksBetween } from "@dmtracker/shared/pipeline/ranks.ts";
import type { AppContext } from "#server/app-context.ts";
import { findRanksAround } from "#server/contacts/contact.store.ts";
import type { WorkingSet } from "./working-set.ts";

/** Contacts on either side of a long rank that get new ones: the event stays small, however long the column. */
const FIRST_REACH = 50;
const WIDER = 4;

type Run = { ids: string[]; ranks: string[] };

/** The smallest run around a rank whose new ranks are short again; the ends of the run keep theirs. */
async function findRun(pipelineId: string, stageId: string, rank: string): Promise<Run> {
  for (let reach = FIRST_REACH; ; reach *= WIDER) {
    const around = await findRanksAround(pipelineId, stageId, rank, reach);
    const ranks = ranksBetween(around.above, around.below, around.ids.length);
    const isWholeStage = around.above === null && around.below === null;
    if (isWholeStage || ranks.every((fresh) => fresh.length <= LONG_RANK / 2))
      return { ids: around.ids, ranks };
  }
}

async function rebalance(batch: WorkingSet, batchId: string, contactId: string, at: Date): Promise<null> {
  const contact = batch.find(contactId);
  // What was decided before in this batch is not in the database yet: such a batch leaves it to the next long rank.
  if (!contact || contact.rank.length <= LONG_RANK || batch.events.length > 0) return null;
  const run = await findRun(batch.pipeline.id, contact.stageId, contact.rank);
  await batch.load(run.ids);
  const event: PipelineEvent = {
    pipelineId: batch.pipeline.id,
    seq: batch.pipeline.seq + 1,
    type: "pipeline.reranked",
    contactId: null,
    username: null,
    before: { ranks: Object.fromEntries(run.ids.map((id) => [id, batch.find(id)?.rank ?? ""])) },
    after: { ranks: Object.fromEntries(run.ids.map((id, index) => [id, run.ranks[index] ?? ""])) },
    actor: { type: "system", id: null, name: "DmTracker" },
    cause: null,
    batchId,
    at: at.toISOString(),
  };
  batch.recordForMany(event, run.ids);
  return null;
}

/** Starts a rebalance in the background when a contact has come to stand on a long rank: same order, new ranks. */
export function rebalanceWhenLong(
  app: AppContext,
  { pipelineId, contactId, rank }: { pipelineId: string; contactId: string; rank: string },
): void {
  if (rank.length <= LONG_RANK) return;
  app.commits
    .submit(pipelineId, {
      contactIds: [contactId],
      decide: (batch, batchId) => rebalance(batch, batchId, contactId, app.now()),
    })
    .catch((error: unknown) => app.logger.warn({ err: error, pipelineId }, "rebalancing a stage failed"));
}
