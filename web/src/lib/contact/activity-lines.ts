import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";

/** One line of history, with what followed from it for the follow-up: that is said below it, not above. */
export type HistoryLine = { at: string; event: PipelineEvent; consequences: PipelineEvent[] };

const follows = ({ type, cause }: PipelineEvent): boolean =>
  cause !== null && (type === "contact.follow_up_set" || type === "contact.follow_up_done");

/** Events, newest first, as lines. A consequence whose cause is not loaded yet stands alone. */
export function linesOf(events: readonly PipelineEvent[]): HistoryLine[] {
  const bySeq = new Map(events.map((event) => [event.seq, event]));
  const consequences = new Map<number, PipelineEvent[]>();
  const lines: HistoryLine[] = [];
  for (const event of events) {
    const cause = follows(event) && event.cause ? bySeq.get(event.cause.seq) : undefined;
    if (cause) consequences.set(cause.seq, [event, ...(consequences.get(cause.seq) ?? [])]);
    else lines.push({ at: event.at, event, consequences: consequences.get(event.seq) ?? [] });
  }
  return lines;
}
