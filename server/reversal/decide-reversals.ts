import type { PipelineEvent, Undone } from "@dmtracker/shared/contracts/event.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { reverseContact } from "@dmtracker/shared/pipeline/reverse-contact.ts";
import { findHistories } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import type { PartAnswer } from "#server/bulk/bulk.store.ts";
import type { WorkingSet } from "#server/pipeline/working-set.ts";
import { ReversalGround } from "./reversal-ground.ts";
import { isTargeted, type ReversalTarget } from "./reversal-target.ts";

export type ManyReversals = {
  contactIds: readonly string[];
  target: ReversalTarget;
  undoes: Undone;
  actor: Actor;
  at: Date;
};

/** The log of these contacts, with what this batch has decided and not yet committed. */
async function historiesIn(
  batch: WorkingSet,
  contactIds: readonly string[],
  fromSeq: number,
): Promise<(contactId: string) => PipelineEvent[]> {
  const stored = await findHistories(contactIds, fromSeq);
  const { seq } = batch.start;
  const fresh = Map.groupBy(batch.events, ({ contactId }) => contactId);
  // What others have committed since the batch began makes its commit fail, and it is decided anew.
  return (id) => [...(stored.get(id) ?? []).filter((event) => event.seq <= seq), ...(fresh.get(id) ?? [])];
}

/** Takes back what is targeted in many contacts; whatever was changed since stays and is told. */
export async function decideReversals(
  app: AppContext,
  { contactIds, target, undoes, actor, at }: ManyReversals,
  batch: WorkingSet,
  batchId: string,
): Promise<PartAnswer> {
  const answer: PartAnswer = { changed: 0, refused: 0, problems: [], seq: 0 };
  const historyOf = await historiesIn(batch, contactIds, target.fromSeq);
  const contacts = contactIds.map((id) => batch.find(id)).filter((contact) => contact !== undefined);
  const isTarget = isTargeted(target);
  const context = async () => ({
    pipeline: batch.pipeline,
    settings: await batch.settings(),
    actor,
    now: at.toISOString(),
    head: batch.pipeline.seq,
    batchId,
    undoes,
  });
  const ground = new ReversalGround();
  const asking = { ...(await context()), ...ground.asking };
  for (const contact of contacts) reverseContact(contact, historyOf(contact.id), isTarget, asking);
  const found = { ...(await context()), ...(await ground.answers(app, batch.organizationId, batch.ranks)) };
  // From here on nothing can fail: what follows is taken in whole.
  for (const contact of contacts) {
    const { pipeline } = batch;
    const now = { ...found, pipeline, head: pipeline.seq };
    const reversal = reverseContact(contact, historyOf(contact.id), isTarget, now);
    batch.record(reversal.events, reversal.contact);
    if (reversal.events.length > 0) answer.changed += 1;
    if (reversal.skipped.length === 0) continue;
    answer.refused += reversal.events.length > 0 ? 0 : 1;
    const message = sentence(reversal.skipped);
    answer.problems.push({ contactId: contact.id, username: contact.username, message });
  }
  return { ...answer, seq: batch.pipeline.seq };
}

function sentence(reasons: readonly string[]): string {
  const text = reasons.join("; ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
