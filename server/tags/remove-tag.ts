import type { Cause } from "@dmtracker/shared/contracts/event.ts";
import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import { Draft } from "@dmtracker/shared/pipeline/draft.ts";
import type { AppContext } from "#server/app-context.ts";
import { findIdsWithTag } from "#server/contacts/stage-contacts.store.ts";
import {
  changeOrganization,
  inPipelines,
  newBatchId,
  type OrganizationCall,
  type Turn,
} from "#server/organizations/change-organization.ts";
import { findFirstAnswer } from "#server/pipeline/first-answer.ts";
import { findPipelines } from "#server/pipeline/pipeline.store.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { deleteTag, findTags } from "./tag.store.ts";

export type RemovedTag = { tag: Tag; contacts: number };

type Removal = OrganizationCall & { tagId: string; into: string | undefined };

/** Takes the tag from everybody in one pipeline, or gives them another instead; each gets its line of history. */
async function retag({ batch, batchId, at }: Turn, { actor, tagId, into }: Removal): Promise<number> {
  await batch.load(await findIdsWithTag(batch.pipeline.id, tagId));
  const contacts = batch.tagged(tagId);
  const settings = await batch.settings();
  const cause: Cause = {
    seq: batch.pipeline.seq + contacts.length + 1,
    type: "organization.changed",
    actor,
  };
  for (const contact of contacts) {
    const { pipeline } = batch;
    const context = { pipeline, settings, actor, now: at.toISOString(), head: pipeline.seq, batchId };
    const draft = new Draft(contact, { ...context, rankFor: () => contact.rank });
    const others = contact.tagIds.filter((id) => id !== tagId && id !== into);
    const tagIds = into === undefined ? others : [...others, into];
    draft.add("contact.tags_changed", { tagIds: contact.tagIds }, { tagIds }, { actor, cause });
    batch.record(draft.events, draft.contact);
  }
  return contacts.length;
}

async function requireTag(organizationId: string, tagId: string): Promise<Tag> {
  const tag = (await findTags(organizationId)).find(({ id }) => id === tagId);
  if (!tag) throw new AppError("not_found", "No such tag");
  return tag;
}

/**
 * Deletes a tag, or merges it into another: contacts that carry both keep the one, all lines of history are one batch.
 * The contacts come first and the tag goes with the last of them: whoever is interrupted finds the tag still there
 * and does it again. Once more behind it, for whoever was just being given the tag.
 * @throws AppError not_found, invalid
 */
async function removeTag(app: AppContext, removal: Removal): Promise<RemovedTag> {
  const { organizationId, tagId, into, mutation } = removal;
  const first = await findFirstAnswer<RemovedTag>(organizationId, mutation);
  if (first) return first;
  await requireTag(organizationId, tagId);
  if (into === tagId) throw invalidField("into", "must be another tag");
  if (into !== undefined) await requireTag(organizationId, into);
  const batchId = newBatchId();
  const pipelineIds = (await findPipelines(organizationId)).map(({ id }) => id);
  // By pipeline: a commit that lost a race decides again, and the last decision is the one that counts.
  const retagged = new Map<string, number>();
  const part = {
    batchId,
    actor: removal.actor,
    work: async (turn: Turn) => {
      retagged.set(turn.batch.pipeline.id, await retag(turn, removal));
    },
  };
  await inPipelines(app, pipelineIds.slice(1), part);
  const removed = await changeOrganization(app, { ...removal, batchId }, async (turn) => {
    const tag = await requireTag(organizationId, tagId);
    const elsewhere = [...retagged.values()].reduce((sum, count) => sum + count, 0);
    const contacts = elsewhere + (await retag(turn, removal));
    turn.batch.effects.push((session) => deleteTag(organizationId, tagId, session));
    return { tag, contacts };
  });
  await inPipelines(app, pipelineIds, part);
  return removed;
}

export function mergeTag(
  app: AppContext,
  call: OrganizationCall,
  { tagId, into }: { tagId: string; into: string },
): Promise<RemovedTag> {
  return removeTag(app, { ...call, tagId, into });
}

export function removeTagFromAll(
  app: AppContext,
  call: OrganizationCall,
  tagId: string,
): Promise<RemovedTag> {
  return removeTag(app, { ...call, tagId, into: undefined });
}
