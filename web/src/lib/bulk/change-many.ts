import type { BulkChange, ContactSelection } from "@dmtracker/shared/contracts/bulk.ts";
import { formatValue } from "@dmtracker/shared/pipeline/money.ts";
import type { OutcomeQuestion } from "#lib/contact/outcome-question.svelte.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import { outcomeOf } from "#lib/state/outcome.ts";
import type { Workspace } from "#lib/state/workspace.svelte.ts";

export type ManyWishes = {
  board: Board;
  select: ContactSelection;
  /** Contacts that can be looked at here: all of the selection, or those of it that are loaded. */
  seen: readonly string[];
  count: number;
  change: BulkChange;
};

/**
 * One change for many contacts. When it makes anybody Won or Lost it asks for the words first, once.
 * @returns false when nothing was begun
 */
export async function changeMany(
  workspace: Pick<Workspace, "bulk">,
  question: OutcomeQuestion,
  { board, select, seen, count, change }: ManyWishes,
): Promise<boolean> {
  const { pipeline } = board;
  if (!pipeline || !workspace.bulk) return false;
  const contacts = seen.map((id) => board.contact(id)).filter((contact) => contact !== undefined);
  const named = change.status === "won" || change.status === "lost" ? change.status : undefined;
  const outcome =
    contacts.map((contact) => outcomeOf(pipeline, contact, change)).find((one) => one !== undefined) ??
    ("filter" in select ? named : undefined);
  const words = outcome ? await question.ask(outcome, { who: `${formatValue(count)} contacts` }) : {};
  if (!words) return false;
  return workspace.bulk.start(board.pipelineId, select, { ...change, ...words });
}
