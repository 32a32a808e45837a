import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Cause } from "@dmtracker/shared/contracts/event.ts";
import { BULK_AT_ONCE } from "@dmtracker/shared/contracts/limits.ts";
import type { Rule, Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { Draft, enterStage } from "@dmtracker/shared/pipeline/draft.ts";
import { compareRanked, ranksBetween } from "@dmtracker/shared/pipeline/ranks.ts";
import { refuseDeletion, rulesOf } from "@dmtracker/shared/pipeline/stages.ts";
import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { throwRefusal } from "#server/contacts/change-contact.ts";
import { countOfStage, findIdsOfStage, findLastRank } from "#server/contacts/stage-contacts.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { SettingsCall } from "./pipeline-settings.ts";
import { recordPipelineEvent } from "./record-pipeline-event.ts";
import type { WorkingSet } from "./working-set.ts";

/** Contacts of one commit while there are too many for one. */
const PART_SIZE = 250;

export type StageDeletion = { stageId: string; moveTo: string | undefined };
export type DeletedStage = { stage: Stage; moved: number; rulesSwitchedOff: Rule[] };

type Step = SettingsCall & StageDeletion & { batchId: string; at: Date };

/** Behind the last card of its new stage, so that nobody's cards change place under their hands. */
async function lastRankIn(batch: WorkingSet, stageId: string): Promise<string | null> {
  const ranks = batch.standingIn(stageId).map(({ rank }) => rank);
  const stored = await findLastRank(batch.pipeline.id, stageId);
  if (stored !== null) ranks.push(stored);
  return ranks.reduce<string | null>((last, rank) => (last === null || rank > last ? rank : last), null);
}

/** Who leaves the stage now: everybody, or the first `limit`, in the order in which they stand. */
async function findLeaving(batch: WorkingSet, step: Step, limit?: number): Promise<Contact[]> {
  const { stageId, moveTo } = step;
  await batch.load(await findIdsOfStage(batch.pipeline.id, stageId, limit));
  const contacts = batch.standingIn(stageId).sort(compareRanked).slice(0, limit);
  const refusal = refuseDeletion(batch.pipeline.stages, { stageId, moveTo, holds: contacts.length });
  if (refusal) throwRefusal(refusal);
  return contacts;
}

/** Moves them to the new stage in the order in which they stood; no rule answers to it [ST5]. */
async function carry(
  batch: WorkingSet,
  step: Step,
  { contacts, cause }: { contacts: Contact[]; cause: Cause },
): Promise<void> {
  const { moveTo, actor, batchId, at } = step;
  if (moveTo === undefined) return;
  const ranks = ranksBetween(await lastRankIn(batch, moveTo), null, contacts.length);
  const settings = await batch.settings();
  for (const [index, contact] of contacts.entries()) {
    const { pipeline } = batch;
    const rank = ranks[index] as string;
    const context = { pipeline, settings, actor, now: at.toISOString(), head: pipeline.seq, batchId };
    const draft = new Draft(contact, { ...context, rankFor: () => rank });
    enterStage(draft, { ...context, rankFor: () => rank }, moveTo, undefined, { actor, cause });
    batch.record(draft.events, draft.contact);
  }
}

async function decideDeletion(batch: WorkingSet, step: Step): Promise<DeletedStage> {
  const { stageId, actor, batchId, at } = step;
  const contacts = await findLeaving(batch, step);
  // The deletion follows behind the moves: nobody ever stands in a stage that is not there.
  const seq = batch.pipeline.seq + contacts.length + 1;
  await carry(batch, step, { contacts, cause: { seq, type: "pipeline.stages_changed", actor } });
  const told = { actor, batchId, at };
  const { stages, rules } = batch.pipeline;
  const stage = stages.find(({ id }) => id === stageId) as Stage;
  recordPipelineEvent(batch, {
    ...told,
    type: "pipeline.stages_changed",
    before: { stages },
    after: { stages: stages.filter(({ id }) => id !== stageId) },
  });
  const rulesSwitchedOff = rulesOf(rules, stageId).filter(({ enabled }) => enabled);
  if (rulesSwitchedOff.length > 0) {
    const next = rules.map((rule) => (rule.stageId === stageId ? { ...rule, enabled: false } : rule));
    recordPipelineEvent(batch, {
      ...told,
      type: "pipeline.rules_changed",
      before: { rules },
      after: { rules: next },
    });
  }
  return { stage, moved: contacts.length, rulesSwitchedOff };
}

type Part = { moved: number; begun: Cause };

/** One of the parts before the last. The first one begins with an event that all of them name as their cause. */
async function decidePart(batch: WorkingSet, step: Step, begun?: Cause): Promise<Part> {
  const { actor, batchId, at } = step;
  const contacts = await findLeaving(batch, step, PART_SIZE);
  const type = "pipeline.stages_changed";
  if (!begun) recordPipelineEvent(batch, { type, before: {}, after: {}, actor, batchId, at });
  const cause = begun ?? { seq: batch.pipeline.seq, type, actor };
  await carry(batch, step, { contacts, cause });
  return { moved: contacts.length, begun: cause };
}

/**
 * More contacts than one commit takes leave the stage before it is deleted, part by part, so that others get their
 * turn in between. Who enters it meanwhile is among the rest, which goes with the stage. How many parts there are is
 * set at the start: two stages that are deleted into each other would go on for ever.
 */
async function moveMost(
  app: AppContext,
  call: SettingsCall,
  deletion: StageDeletion & { batchId: string },
): Promise<number> {
  const { pipelineId } = call;
  const { stageId, batchId } = deletion;
  let moved = 0;
  let begun: Cause | undefined;
  let left = await countOfStage(pipelineId, stageId);
  for (let parts = Math.ceil(left / PART_SIZE) + 1; left > BULK_AT_ONCE; parts -= 1) {
    if (parts === 0) throw refilled(moved, left);
    const cause = begun;
    const part: Part = await app.commits.submit(pipelineId, {
      batchId,
      contactIds: [],
      decide: (batch) => decidePart(batch, { ...call, ...deletion, at: app.now() }, cause),
    });
    ({ begun } = part);
    moved += part.moved;
    left = await countOfStage(pipelineId, stageId);
  }
  return moved;
}

const refilled = (moved: number, left: number): AppError =>
  new AppError(
    "conflict",
    `The stage fills as fast as it empties: ${moved} contacts have moved, it holds ${left} again and was not deleted. ` +
      "Stop what moves contacts into it, perhaps the deletion of another stage, and delete it again.",
  );

/**
 * Deletes a stage: its contacts move to another, it goes, and the rules that name it are switched off. All is one
 * batch, and one commit unless there are very many contacts.
 * @throws AppError unknown_stage, invalid, conflict
 */
export async function deleteStage(
  app: AppContext,
  call: SettingsCall,
  deletion: StageDeletion,
): Promise<DeletedStage> {
  const batchId = new mongoose.Types.ObjectId().toHexString();
  const before = await moveMost(app, call, { ...deletion, batchId });
  return app.commits.submit(call.pipelineId, {
    mutation: call.mutation,
    batchId,
    contactIds: [],
    decide: async (batch) => {
      const deleted = await decideDeletion(batch, { ...call, ...deletion, batchId, at: app.now() });
      return { ...deleted, moved: before + deleted.moved };
    },
  });
}
