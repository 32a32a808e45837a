import type { Contact, ContactChange } from "../contracts/contact.ts";
import type { Decision, DecisionContext, Refusal } from "./decision.ts";
import { Draft } from "./draft.ts";

const refuse = (code: Refusal["code"], path: string, message: string): Refusal => ({
  ok: false,
  code,
  path,
  message,
});

/** Takes a contact off everything. Its fields stay as they are: that is how it comes back. */
export function remove(draft: Draft, { actor, now }: Pick<DecisionContext, "actor" | "now">): void {
  // Its place too, so that a board of the past can put it back where it stood.
  const before = { ...draft.bucket(), rank: draft.contact.rank, removed: null };
  draft.add("contact.removed", before, { removed: { at: now, by: actor } });
}

/** Brings a removed contact back as it was, but for what does not exist any more. */
export function restore(draft: Draft, different: Partial<Contact>): void {
  const { removed, seq: _seq, version: _version, ...rest } = draft.contact;
  draft.add("contact.restored", { removed }, { ...rest, ...different, removed: null });
}

/** The stage that a removed contact comes back to: its own, or the first one when that was deleted. */
export function stageToReturnTo(
  { stageId }: Pick<Contact, "stageId">,
  { pipeline: { stages } }: Pick<DecisionContext, "pipeline">,
): string {
  return (stages.find(({ id }) => id === stageId) ?? stages[0])?.id ?? stageId;
}

/**
 * Decides a change that removes or restores, and any change of a contact that is removed already. No rule answers:
 * nothing enters a stage or becomes a status by it.
 */
export function decideRemoval(
  contact: Contact,
  { removed: wish, ...others }: ContactChange,
  context: DecisionContext,
): Decision | Refusal {
  if (Object.values(others).some((value) => value !== undefined)) {
    return contact.removed
      ? refuse("removed", "", `${contact.removed.by.name} has removed @${contact.username}: restore it first`)
      : refuse("invalid", "removed", "Removing a contact goes with no other change");
  }
  const draft = new Draft(contact, context);
  const isWanted = wish !== undefined && wish !== (contact.removed !== null);
  if (isWanted && wish) remove(draft, context);
  if (isWanted && !wish) {
    const stageId = stageToReturnTo(contact, context);
    restore(draft, { stageId, rank: context.rankFor(stageId, undefined, contact) });
  }
  const changed = isWanted ? [wish ? "removed" : "restored"] : [];
  return { ok: true, contact: draft.contact, events: draft.events, changed, automations: [] };
}
