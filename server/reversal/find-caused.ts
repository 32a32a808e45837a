import type { Undone } from "@dmtracker/shared/contracts/event.ts";
import type { ReversalCause } from "@dmtracker/shared/contracts/reversal.ts";
import { findFootprint, type EventsOf } from "#server/activity/event.store.ts";
import { findBulk } from "#server/bulk/bulk.store.ts";
import type { ReversalTarget } from "./reversal-target.ts";

export type Caused = { contactIds: string[]; target: ReversalTarget; undoes: Undone; title: string };

const ID = /^[0-9a-f]{24}$/;

function actorIdOf(cause: Exclude<ReversalCause, { batchId: string }>): string {
  if ("ruleId" in cause) return cause.ruleId;
  return "tokenId" in cause ? cause.tokenId : cause.memberId;
}

const KIND = { user: "", api: "API token ", automation: "automation ", system: "" } as const;

/** What one rule, token, member or batch has done in a pipeline; undefined when that is nothing. */
export async function findCaused(
  organizationId: string,
  pipelineId: string,
  cause: ReversalCause,
): Promise<Caused | undefined> {
  const wanted: EventsOf =
    "batchId" in cause
      ? { batchId: cause.batchId }
      : { actorId: actorIdOf(cause), since: new Date(cause.since) };
  const found = await findFootprint(organizationId, pipelineId, wanted);
  if (!found) return undefined;
  const { contactIds, fromSeq, untilSeq } = found;
  const range = { fromSeq, untilSeq };
  if ("batchId" in cause) {
    const { batchId } = cause;
    const [actor = { type: "system" as const, id: null, name: "DmTracker" }] = found.authors;
    const bulk = ID.test(batchId) ? await findBulk(organizationId, batchId) : undefined;
    const what = bulk ? `“${bulk.title}”` : "one change";
    const title = `${what} by ${KIND[actor.type]}${actor.name}`;
    return { contactIds, target: { ...range, batchId }, undoes: { batchId, actor, by: "reversal" }, title };
  }
  const actorId = actorIdOf(cause);
  const actor = found.involved.find(({ id }) => id === actorId);
  if (!actor) return undefined;
  const target = { ...range, actorId, since: cause.since };
  const title = `changes by ${KIND[actor.type]}${actor.name}`;
  return { contactIds, target, undoes: { batchId: null, actor, by: "reversal" }, title };
}
