import type { PipelineEvent } from "../contracts/event.ts";
import type { Pipeline, Totals } from "../contracts/pipeline.ts";
import { addToTotals, bucketsOf } from "./apply-event.ts";

/** Where a contact stands on its board. */
export type Place = { stageId: string; rank: string };

/** What of an event the board's past is read from. */
export type ArrangingEvent = Pick<PipelineEvent, "seq" | "type" | "contactId" | "before" | "after">;

/** A board without its contacts' own fields: who stands where, and what the pipeline is called and counts. */
export type Arrangement = { pipeline: Pipeline; places: Map<string, Place> };

function takePlaceBack(places: Map<string, Place>, { type, contactId, before, after }: ArrangingEvent): void {
  for (const [id, rank] of Object.entries(before.ranks ?? {})) {
    const place = places.get(id);
    if (place) places.set(id, { ...place, rank });
  }
  if (contactId === null) return;
  if (type === "contact.created" || type === "contact.restored") {
    places.delete(contactId);
    return;
  }
  if (type === "contact.removed") {
    places.set(contactId, { stageId: before.stageId ?? "", rank: before.rank ?? "" });
    return;
  }
  const place = places.get(contactId);
  if (!place) return;
  if (after.stageId === undefined && after.rank === undefined) return;
  const { stageId = place.stageId, rank = place.rank } = before;
  places.set(contactId, { stageId, rank });
}

/** Stages that count nobody need no entry: whether one was ever there depends on the way. */
function withoutNobody(totals: Totals, stages: Pipeline["stages"]): Totals {
  return Object.fromEntries(
    stages.flatMap(({ id }) => {
      const counted = Object.entries(totals[id] ?? {}).filter(([, total]) => total.count > 0);
      return counted.length > 0 ? [[id, Object.fromEntries(counted)]] : [];
    }),
  );
}

/**
 * Takes events back, the newest first: the board as it was before them. The counterpart of `applyToContact` and
 * `applyToPipeline`: what they add from `after`, this takes from `before`. Changes `places`, which is as large as the
 * board; of the events, which may be a month's, one at a time is held.
 */
export async function unfoldBoard(
  { pipeline, places }: Arrangement,
  newestFirst: AsyncIterable<ArrangingEvent>,
): Promise<Arrangement> {
  let { name, stages, rules, timedRules, totals, seq } = pipeline;
  for await (const event of newestFirst) {
    takePlaceBack(places, event);
    stages = event.before.stages ?? stages;
    rules = event.before.rules ?? rules;
    timedRules = event.before.timedRules ?? timedRules;
    name = event.before.name ?? name;
    const buckets = bucketsOf(event);
    if (buckets?.to) totals = addToTotals(totals, buckets.to, -1);
    if (buckets?.from) totals = addToTotals(totals, buckets.from, 1);
    seq = event.seq - 1;
  }
  const { formerStages: _later, timedRules: _now, ...rest } = pipeline;
  const then = { ...rest, name, stages, rules, seq, totals: withoutNobody(totals, stages) };
  return { pipeline: { ...then, ...(timedRules && { timedRules }) }, places };
}
