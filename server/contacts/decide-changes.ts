import type { BulkChange } from "@dmtracker/shared/contracts/bulk.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Decision, DecisionContext, Refusal } from "@dmtracker/shared/pipeline/decision.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import type { PartAnswer } from "#server/bulk/bulk.store.ts";
import type { WorkingSet } from "#server/pipeline/working-set.ts";
import { stagesToEnter } from "./change-contact.ts";

export type ManyChanges = { contactIds: readonly string[]; change: BulkChange; actor: Actor; at: Date };

/** Where the contacts come to stand when the change names a stage or a place: together, in their order. */
async function placesOf(
  { contactIds, change }: ManyChanges,
  batch: WorkingSet,
): Promise<Map<string, string>> {
  const { stageId, after, before } = change;
  const contacts = contactIds.map((id) => batch.find(id)).filter((contact) => contact !== undefined);
  const isPlaced = after !== undefined || before !== undefined;
  const target = stageId ?? contacts[0]?.stageId;
  if ((stageId === undefined && !isPlaced) || target === undefined) return new Map();
  // Without a named place whoever is in the stage already stays where they stand.
  const moving = isPlaced ? contacts : contacts.filter((contact) => contact.stageId !== target);
  const ids = moving.map(({ id }) => id);
  const beside = (id: string | null | undefined): Contact | undefined => (id ? batch.find(id) : undefined);
  const ranks = await batch.ranks.ranksTogether(target, ids, { above: beside(after), below: beside(before) });
  return new Map(ids.map((id, index) => [id, ranks[index] ?? ""]));
}

/**
 * Reason and value are said about those who become Lost or Won by this: whoever is so already keeps their own.
 */
function decideWithWords(contact: Contact, change: BulkChange, context: DecisionContext): Decision | Refusal {
  const hasWords = change.lostReason !== undefined || change.value !== undefined;
  const isOutcome = change.status !== undefined || change.stageId !== undefined;
  if (hasWords && isOutcome) {
    const silent = decide(contact, { ...change, lostReason: undefined, value: undefined }, context);
    if (!silent.ok || silent.contact.leadStatus === contact.leadStatus) return silent;
  }
  return decide(contact, change, context);
}

/** Decides the same change for many contacts, one after the other; a refused one leaves the others alone. */
export async function decideChanges(
  input: ManyChanges,
  batch: WorkingSet,
  batchId: string,
): Promise<PartAnswer> {
  const { contactIds, change, actor, at } = input;
  const answer: PartAnswer = { changed: 0, refused: 0, problems: [], seq: 0 };
  // Everything that may fail comes first: what follows is taken in whole.
  const settings = await batch.settings();
  await batch.ranks.prepare(stagesToEnter(change, batch));
  const places = await placesOf(input, batch);
  for (const contactId of contactIds) {
    const contact = batch.find(contactId);
    const decision =
      contact &&
      decideWithWords(contact, change, {
        pipeline: batch.pipeline,
        settings,
        actor,
        now: at.toISOString(),
        head: batch.pipeline.seq,
        batchId,
        rankFor: (stageId, place, moving) =>
          places.get(contactId) ?? batch.ranks.rankFor(stageId, place, moving),
      });
    if (decision?.ok) {
      batch.record(decision.events, decision.contact);
      if (decision.events.length > 0) answer.changed += 1;
    } else {
      answer.refused += 1;
      const message = decision?.message ?? "No such contact";
      answer.problems.push({ contactId, username: contact?.username ?? "", message });
    }
  }
  return { ...answer, seq: batch.pipeline.seq };
}
