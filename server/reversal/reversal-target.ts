import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";

/** Which events are taken back: those of one batch, or of one member, token or rule since a moment. */
export type ReversalTarget = {
  /** The first of them; what came before it plays no part. */
  fromSeq: number;
  /** The last one that counts: what the same author does while it runs stays. */
  untilSeq: number;
} & ({ batchId: string } | { actorId: string; since: string });

/** What a rule added belongs to the person or token whose change it answered as well as to the rule. */
export function isTargeted(target: ReversalTarget): (event: PipelineEvent) => boolean {
  const { fromSeq, untilSeq } = target;
  const since = "since" in target ? Date.parse(target.since) : 0;
  return (event) => {
    if (event.contactId === null || event.seq < fromSeq || event.seq > untilSeq) return false;
    if ("batchId" in target) return event.batchId === target.batchId;
    const isTheirs = event.actor.id === target.actorId || event.cause?.actor.id === target.actorId;
    return isTheirs && Date.parse(event.at) >= since;
  };
}
