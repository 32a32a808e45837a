import type {
  ReversalCause,
  ReversalPreview,
  ReversedContact,
} from "@dmtracker/shared/contracts/reversal.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { reverseContact } from "@dmtracker/shared/pipeline/reverse-contact.ts";
import { findHistories } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { findAllOfPipeline } from "#server/contacts/contact.store.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { RankBook } from "#server/pipeline/rank-book.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findCaused, type Caused } from "./find-caused.ts";
import { ReversalGround } from "./reversal-ground.ts";
import { isTargeted } from "./reversal-target.ts";

const READ_AT_ONCE = 500;
/** Contacts that are told one by one; the rest is counted. */
const MAX_TOLD = 100;

export type PreviewInput = {
  organizationId: string;
  pipelineId: string;
  cause: ReversalCause;
  actor: Actor;
};

async function reverseSome(
  app: AppContext,
  { organizationId, pipelineId, actor }: PreviewInput,
  { target, undoes }: Caused,
  ids: string[],
): Promise<ReversedContact[]> {
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw new AppError("not_found", "No such pipeline");
  const [found, histories, settings] = await Promise.all([
    findAllOfPipeline(pipelineId, ids),
    findHistories(ids, target.fromSeq),
    findSettings(organizationId),
  ]);
  const isTarget = isTargeted(target);
  const { seq: head } = pipeline;
  const context = { pipeline, settings, actor, now: app.now().toISOString(), head, batchId: "", undoes };
  const ground = new ReversalGround();
  const contacts = found.map(({ contact }) => ({ contact, history: histories.get(contact.id) ?? [] }));
  for (const { contact, history } of contacts) {
    reverseContact(contact, history, isTarget, { ...context, ...ground.asking });
  }
  const answers = await ground.answers(app, organizationId, new RankBook(pipelineId));
  return contacts.map(({ contact, history }) => {
    const { events, skipped } = reverseContact(contact, history, isTarget, { ...context, ...answers });
    return { contactId: contact.id, username: contact.username, events, skipped };
  });
}

/**
 * What a reversal would do now: nothing is written.
 * @throws AppError not_found
 */
export async function previewReversal(app: AppContext, input: PreviewInput): Promise<ReversalPreview> {
  const caused = await findCaused(input.organizationId, input.pipelineId, input.cause);
  const preview: ReversalPreview = { title: "", total: 0, changing: 0, skipping: 0, contacts: [] };
  if (!caused) return preview;
  preview.title = caused.title;
  preview.total = caused.contactIds.length;
  for (let at = 0; at < caused.contactIds.length; at += READ_AT_ONCE) {
    const ids = caused.contactIds.slice(at, at + READ_AT_ONCE);
    for (const reversed of await reverseSome(app, input, caused, ids)) {
      if (reversed.events.length > 0) preview.changing += 1;
      if (reversed.skipped.length > 0) preview.skipping += 1;
      const isWorthTelling = reversed.events.length > 0 || reversed.skipped.length > 0;
      if (isWorthTelling && preview.contacts.length < MAX_TOLD) preview.contacts.push(reversed);
    }
  }
  return preview;
}
