import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { describeEvent } from "@dmtracker/shared/pipeline/describe-event.ts";
import type { Names } from "@dmtracker/shared/pipeline/sentence.ts";
import { formatValue } from "@dmtracker/shared/pipeline/money.ts";
import type { BulkGlance } from "#lib/api/bulk-actions.ts";

const HISTORY: ReadonlySet<string> = new Set(["contact.message_logged", "contact.note_added"]);

/** What an undo would take back: messages and notes happened. */
export function isUndoable(events: readonly PipelineEvent[]): boolean {
  return events.some(({ type, cause }) => !HISTORY.has(type) && cause?.type !== "contact.message_logged");
}

/** "Moved @kim.fit from Interested to Meeting Booked": what one has done oneself, without oneself. */
export function titleOf(events: readonly PipelineEvent[], names: Names): string {
  const first = events.find(({ type }) => !HISTORY.has(type));
  if (!first) return "A change";
  const { segments } = describeEvent({ ...first, cause: null }, names, `@${first.username ?? ""}`);
  const [who, ...rest] = segments;
  const text = (who?.kind === "person" ? rest : segments)
    .map((segment) => segment.text)
    .join("")
    .trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const contactsIn = (count: number): string =>
  count === 1 ? "1 contact" : `${formatValue(count)} contacts`;

/** How a bulk action ended: "Marked as Abandoned: 37 contacts". */
export function bulkTitle({
  title,
  state,
  changed,
  reason,
}: BulkGlance & { reason?: string | null }): string {
  if (state === "cancelled") return `${title}: cancelled after ${contactsIn(changed)}`;
  if (state === "failed")
    return `${title} stopped after ${contactsIn(changed)}${reason ? `: ${reason}` : ""}`;
  return `${title}: ${contactsIn(changed)}`;
}

/** What stayed as it was, for one line below. */
export function bulkDetail({
  refused,
  problems,
}: Pick<BulkGlance, "refused" | "problems">): string | undefined {
  const [first] = problems;
  if (!first) return undefined;
  const who = first.username ? `@${first.username}` : "one contact";
  const others = Math.max(refused, problems.length) - 1;
  return `${who}: ${first.message}${others > 0 ? `, and ${contactsIn(others)} more` : ""}`;
}
