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
  followUpAt: number | null;
  rank: string;
};

const KEY_OF = {
  last_activity: (entry) => entry.lastActivityAt,
  last_message: (entry) => entry.lastMessageAt,
  created: (entry) => entry.createdAt,
  status_changed: (entry) => entry.statusChangedAt,
  value: (entry) => entry.value,
  follow_up: (entry) => entry.followUpAt && -entry.followUpAt,
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

  show(place: Readonly<PlaceInOrder>): void {
    const { places } = this;
    const last = places[places.length - 1];
    if (last && places.length === this.#limit && this.#compare(place, last) >= 0) return;
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(places[middle] as PlaceInOrder, place) < 0) low = middle + 1;
      else high = middle;
    }
    places.splice(low, 0, { ...place });
    if (places.length > this.#limit) places.pop();
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

  all(): Iterable<RosterEntry> {
    return this.#entries.values();
  }

  findMatching(filter: ContactFilter, moment: FilterMoment): RosterEntry[] {
    const matches = compileFilter(filter, moment);
    const found: RosterEntry[] = [];
    for (const entry of this.#entries.values()) if (matches(entry)) found.push(entry);
    return found;
  }
}

export function byStage(entries: readonly RosterEntry[]): Map<string, RosterEntry[]> {
  const columns = new Map<string, RosterEntry[]>();
  for (const entry of entries) {
    const column = columns.get(entry.stageId);
    if (column) column.push(entry);
    else columns.set(entry.stageId, [entry]);
  }
  return columns;
}

export function totalOf(entries: readonly RosterEntry[]): Total {
  let sum = 0;
  for (const { value } of entries) sum += value ?? 0;
  return { count: entries.length, value: sum };
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
  // One object for all of them: most are looked at once and never again.
  const place: PlaceInOrder = { key: null, id: "" };
  for (const entry of entries) {
    place.key = keyOf(entry);
    place.id = entry.id;
    if (!after || compare(place, after) > 0) first.show(place);
  }
  return first.places;
}
