import type { UndoAnswer } from "@dmtracker/shared/contracts/bulk.ts";
import { UNDO_MINUTES } from "@dmtracker/shared/contracts/limits.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { findFootprint } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { findBulk, type StartedBulk } from "#server/bulk/bulk.store.ts";
import { findStarted, startBulk } from "#server/bulk/start-bulk.ts";
import type { ChangeAnswer } from "#server/contacts/change-contact.ts";
import { findFirstAnswer } from "#server/pipeline/first-answer.ts";
import { findAnsweredMutations, type Mutation } from "#server/pipeline/mutation.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { decideReversals, type ManyReversals } from "./decide-reversals.ts";

const MINUTE_MS = 60_000;

export type UndoChangeInput = {
  organizationId: string;
  actor: Actor;
  /** The call that made the change, as it named itself, or the batch that came of it. */
  undoes: { mutationId: string } | { batchId: string };
  mutation?: Mutation | undefined;
};

const noSuchChange = () => new AppError("not_found", "There is no such change of yours");

/** The batch of a call; undefined when the call changed nothing. */
async function findBatchId({ organizationId, undoes }: UndoChangeInput): Promise<string | undefined> {
  if ("batchId" in undoes) return undoes.batchId;
  const { mutationId } = undoes;
  const answered = (await findAnsweredMutations(organizationId, [mutationId])).get(mutationId);
  if (!answered) throw noSuchChange();
  const { batchId, bulkId } = answered.answer as Partial<ChangeAnswer & StartedBulk>;
  if (bulkId === undefined) return batchId ?? undefined;
  const bulk = await findBulk(organizationId, bulkId);
  if (!bulk) throw noSuchChange();
  if (bulk.state === "running") throw new AppError("conflict", "This is still running: cancel it first");
  return bulk._id.toHexString();
}

async function undoOne(
  app: AppContext,
  pipelineId: string,
  input: ManyReversals,
  mutation: Mutation | undefined,
): Promise<UndoAnswer> {
  return app.commits.submit<UndoAnswer>(pipelineId, {
    mutation,
    contactIds: input.contactIds,
    decide: async (batch, batchId) => {
      const { changed, problems, seq } = await decideReversals(app, input, batch, batchId);
      return { changed, problems, seq, bulk: null };
    },
  });
}

/**
 * Takes one's own change back, single or bulk, with everything that rules had added to it. What somebody has
 * changed since stays and is told. It is a change like any other, except that no rule answers to it.
 * @throws AppError not_found, forbidden, invalid, conflict, key_reused, busy, stopping
 */
export async function undoChange(app: AppContext, input: UndoChangeInput): Promise<UndoAnswer> {
  const { organizationId, actor, mutation } = input;
  const started = await findStarted(organizationId, mutation);
  if (started)
    return { seq: started.seq, changed: started.changed, problems: started.problems, bulk: started };
  const first = await findFirstAnswer<UndoAnswer>(organizationId, mutation);
  if (first) return first;
  const batchId = await findBatchId(input);
  if (batchId === undefined) return { seq: 0, changed: 0, problems: [], bulk: null };
  const found = await findFootprint(organizationId, undefined, { batchId });
  // Somebody else's is answered like one that does not exist: only owners and admins reverse what others did.
  if (!found?.authors.every(({ type, id }) => type === actor.type && id === actor.id)) throw noSuchChange();
  const age = app.now().getTime() - found.lastAt.getTime();
  if (age > UNDO_MINUTES * MINUTE_MS) {
    const message = `Changes can be undone for ${UNDO_MINUTES} minutes. Owners and admins reverse older ones in Settings`;
    throw new AppError("forbidden", message);
  }
  if (found.pipelines > 1) {
    const message = `This changed contacts of ${found.pipelines} pipelines. Owners and admins reverse it in Settings > Reverse changes, one pipeline after the other`;
    throw new AppError("invalid", message);
  }
  const { contactIds, fromSeq, untilSeq, pipelineId } = found;
  const target = { fromSeq, untilSeq, batchId };
  const undoes = { batchId, actor, by: "undo" } as const;
  if (contactIds.length === 1) {
    return undoOne(app, pipelineId, { contactIds, target, undoes, actor, at: app.now() }, mutation);
  }
  const work = { kind: "undo", target, undoes } as const;
  const title = "Undone";
  const bulk = await startBulk(app, { organizationId, pipelineId, actor, title, work, contactIds, mutation });
  return { seq: bulk.seq, changed: bulk.changed, problems: bulk.problems, bulk };
}
