import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import { outcomeOf } from "#lib/state/outcome.ts";
import type { OutcomeQuestion } from "./outcome-question.svelte.ts";

/** Changes a contact; whatever leads to Won or Lost, by itself or by a rule, asks for its words first. */
export async function askAndChange(
  board: Board,
  question: OutcomeQuestion,
  contactId: string,
  change: ContactChange,
): Promise<void> {
  const contact = board.contact(contactId);
  const { pipeline } = board;
  if (!contact || !pipeline) return;
  const outcome = outcomeOf(pipeline, contact, change);
  const subject = { who: `@${contact.username}`, value: contact.value };
  const words = outcome ? await question.ask(outcome, subject) : {};
  if (words) board.change(contactId, { ...change, ...words });
}
