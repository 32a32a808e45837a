import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { findPipelines } from "#server/pipeline/pipeline.store.ts";
import { recordPipelineEvent } from "#server/pipeline/record-pipeline-event.ts";
import type { WorkingSet } from "#server/pipeline/working-set.ts";
import { AppError } from "#server/platform/app-error.ts";
import { announceIn } from "./announce-organization.ts";

export type OrganizationCall = {
  organizationId: string;
  actor: Actor;
  mutation?: Mutation | undefined;
  /** When other commits belong to the same change. */
  batchId?: string;
};

export const newBatchId = (): string => new mongoose.Types.ObjectId().toHexString();

/** One pipeline's part of the change. */
export type Turn = { batch: WorkingSet; batchId: string; at: Date };

/** Work on the contacts of every pipeline that belongs to the change. */
export type InEveryPipeline = (turn: Turn) => Promise<void>;

/**
 * Changes what belongs to all pipelines of an organization. Such changes queue in its first pipeline: there they
 * have an order, are saved together with their event, and a retry gets its first answer, like every other change.
 * `decide` puts what is to be written into `batch.effects`; when it puts nothing there, nothing has changed.
 */
export async function changeOrganization<Answer>(
  app: AppContext,
  { organizationId, actor, mutation, batchId = newBatchId() }: OrganizationCall,
  decide: (turn: Turn) => Promise<Answer>,
): Promise<Answer> {
  const [first, ...others] = await findPipelines(organizationId);
  if (!first) throw new AppError("not_found", "This organization has no pipeline");
  let changed = false;
  const answer = await app.commits.submit(first.id, {
    mutation,
    contactIds: [],
    decide: async (batch) => {
      const at = app.now();
      const before = batch.effects.length;
      const decided = await decide({ batch, batchId, at });
      changed = batch.effects.length > before;
      const told = { type: "organization.changed" as const, before: {}, after: {} };
      if (changed) recordPipelineEvent(batch, { ...told, actor, batchId, at });
      return decided;
    },
  });
  const otherIds = others.map(({ id }) => id);
  if (changed) await announceIn(app, otherIds, { actor, batchId });
  return answer;
}

/** Does its part in each of these pipelines, each in its own commit, all under one batch id. */
export async function inPipelines(
  app: AppContext,
  pipelineIds: readonly string[],
  { batchId, actor, work }: { batchId: string; actor: Actor; work: InEveryPipeline },
): Promise<void> {
  for (const id of pipelineIds) {
    await app.commits.submit(id, {
      contactIds: [],
      decide: async (batch) => {
        const at = app.now();
        const before = batch.events.length;
        await work({ batch, batchId, at });
        const told = { type: "organization.changed" as const, before: {}, after: {} };
        if (batch.events.length > before) recordPipelineEvent(batch, { ...told, actor, batchId, at });
        return null;
      },
    });
  }
}
