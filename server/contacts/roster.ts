import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Pipeline, Total } from "@dmtracker/shared/contracts/pipeline.ts";
import { comparePlaced, type SortKey } from "@dmtracker/shared/pipeline/contact-order.ts";
import { compileFilter, type FilterFacts, type FilterMoment } from "@dmtracker/shared/pipeline/filter.ts";
import type { ContactOrder, PlaceInOrder } from "./contact-query.ts";

/** What filters, orders and totals ask of a contact, and nothing else. */
export type RosterEntry = FilterFacts & {
  id: string;
  username: string;
  value: number | null;
  rank: string;
};

const KEY_OF = {
  last_activity: (entry) => entry.lastActivityAt,
  last_message: (entry) => entry.lastMessageAt,
  created: (entry) => entry.createdAt,
  status_changed: (entry) => entry.statusChangedAt,
  value: (entry) => entry.value,
  username: (entry) => entry.username,
  rank: (entry) => entry.rank,
} satisfies Record<ContactOrder["by"], (entry: RosterEntry) => SortKey>;

/** Keeps the first `limit` of what it is shown: of 100,000 only the page is ever sorted. */
class FirstOnes {
  readonly #compare: (a: PlaceInOrder, b: PlaceInOrder) => number;
  readonly #limit: number;
  readonly places: PlaceInOrder[] = [];

  constructor(compare: (a: PlaceInOrder, b: PlaceInOrder) => number, limit: number) {
    this.#compare = compare;
    this.#limit = limit;
  }

  show(place: PlaceInOrder): void {
    const last = this.places.at(-1);
    if (last && this.places.length === this.#limit && this.#compare(place, last) >= 0) return;
    let [low, high] = [0, this.places.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.places[middle] as PlaceInOrder, place) < 0) low = middle + 1;
      else high = middle;
    }
    this.places.splice(low, 0, place);
    if (this.places.length > this.#limit) this.places.pop();
  }
}

/** All contacts of a pipeline as filters see them, as of `pipeline.seq`. */
export class Roster {
  pipeline: Pipeline;
  readonly #entries = new Map<string, RosterEntry>();

  constructor(pipeline: Pipeline, entries: Iterable<RosterEntry>) {
    this.pipeline = pipeline;
    for (const entry of entries) this.#entries.set(entry.id, entry);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes in what changed up to a newer state of the pipeline: in one go, so that no reader sees half of it. */
  advance(pipeline: Pipeline, changed: Iterable<string>, entries: readonly RosterEntry[]): void {
    this.pipeline = pipeline;
    for (const id of changed) this.#entries.delete(id);
    for (const entry of entries) this.#entries.set(entry.id, entry);
  }

  findMatching(filter: ContactFilter, moment: FilterMoment): RosterEntry[] {
    const matches = compileFilter(filter, moment);
    const found: RosterEntry[] = [];
    for (const entry of this.#entries.values()) if (matches(entry)) found.push(entry);
    return found;
  }
}

export function totalsByStage(entries: readonly RosterEntry[]): Record<string, Total> {
  const totals: Record<string, Total> = {};
  for (const { stageId, value } of entries) {
    const total = (totals[stageId] ??= { count: 0, value: 0 });
    total.count += 1;
    total.value += value ?? 0;
  }
  return totals;
}

/** One page in order, behind `after` when given. */
export function pageOf(
  entries: readonly RosterEntry[],
  order: ContactOrder,
  { after, limit }: { after?: PlaceInOrder | undefined; limit: number },
): PlaceInOrder[] {
  const compare = comparePlaced(order.direction);
  const keyOf = KEY_OF[order.by];
  const first = new FirstOnes(compare, limit);
  for (const entry of entries) {
    const place = { key: keyOf(entry), id: entry.id };
    if (!after || compare(place, after) > 0) first.show(place);
  }
  return first.places;
}
