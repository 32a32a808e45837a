import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Pipeline, Total } from "@dmtracker/shared/contracts/pipeline.ts";
import { comparePlaced, type SortKey } from "@dmtracker/shared/pipeline/contact-order.ts";
import { compileFilter, type FilterFacts, type FilterMoment } from "@dmtracker/shared/pipeline/filter.ts";
import { compareRanked, placeInOrder, type Ranked } from "@dmtracker/shared/pipeline/ranks.ts";
import type { ListOrder, PlaceInOrder } from "./contact-query.ts";

/** From so many changes on, sorting columns anew is quicker than taking each to its place: 15 ms of 50,000. */
const MANY = 1_000;

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
} satisfies Record<ListOrder["by"], (entry: RosterEntry) => SortKey>;

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

/** Entries by stage, each stage in board order. */
export type RosterColumns = ReadonlyMap<string, readonly RosterEntry[]>;

/** All contacts of a pipeline as filters see them, as of `pipeline.seq`. */
export class Roster {
  pipeline: Pipeline;
  readonly #entries = new Map<string, RosterEntry>();
  readonly #columns = new Map<string, RosterEntry[]>();

  constructor(pipeline: Pipeline, entries: readonly RosterEntry[]) {
    this.pipeline = pipeline;
    for (const entry of entries) this.#entries.set(entry.id, entry);
    this.#rearrange(entries);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes in what changed up to a newer state of the pipeline: in one go, so that no reader sees half of it. */
  advance(pipeline: Pipeline, changed: ReadonlySet<string>, entries: readonly RosterEntry[]): void {
    this.pipeline = pipeline;
    const isMuch = changed.size > MANY;
    for (const id of changed) {
      const entry = this.#entries.get(id);
      this.#entries.delete(id);
      if (!entry || isMuch) continue;
      const column = this.#columnOf(entry);
      column.splice(placeInOrder(column, entry), 1);
    }
    for (const entry of entries) {
      this.#entries.set(entry.id, entry);
      const column = this.#columnOf(entry);
      if (!isMuch) column.splice(placeInOrder(column, entry), 0, entry);
    }
    if (isMuch) this.#rearrange(entries);
  }

  #columnOf({ stageId }: RosterEntry): RosterEntry[] {
    const known = this.#columns.get(stageId);
    if (known) return known;
    const column: RosterEntry[] = [];
    this.#columns.set(stageId, column);
    return column;
  }

  /** Drops what is known no more and takes these in. Sorting what is almost sorted is cheap. */
  #rearrange(entries: readonly RosterEntry[]): void {
    for (const [stageId, column] of this.#columns) {
      this.#columns.set(
        stageId,
        column.filter((entry) => this.#entries.get(entry.id) === entry),
      );
    }
    for (const entry of entries) this.#columnOf(entry).push(entry);
    for (const column of this.#columns.values()) column.sort(compareRanked);
  }

  all(): Iterable<RosterEntry> {
    return this.#entries.values();
  }

  /** Stages in which nobody matches are left out. */
  findMatching(filter: ContactFilter, moment: FilterMoment): RosterColumns {
    const matches = compileFilter(filter, moment);
    const found = new Map<string, readonly RosterEntry[]>();
    for (const [stageId, column] of this.#columns) {
      if (filter.stageId && !filter.stageId.includes(stageId)) continue;
      const matching = column.filter(matches);
      if (matching.length > 0) found.set(stageId, matching);
    }
    return found;
  }
}

/** Up to `limit` of a column, behind `after` when given. */
export function topOf(
  column: readonly RosterEntry[],
  { after, limit }: { after?: Ranked | undefined; limit: number },
): readonly RosterEntry[] {
  if (!after) return column.slice(0, limit);
  const from = placeInOrder(column, after);
  const next = column[from]?.id === after.id ? from + 1 : from;
  return column.slice(next, next + limit);
}

export function totalOf(entries: readonly RosterEntry[]): Total {
  let sum = 0;
  for (const { value } of entries) sum += value ?? 0;
  return { count: entries.length, value: sum };
}

/** One page in the order of a list, behind `after` when given. */
export function pageOf(
  columns: RosterColumns,
  order: ListOrder,
  { after, limit }: { after?: PlaceInOrder | undefined; limit: number },
): PlaceInOrder[] {
  const compare = comparePlaced(order.direction);
  const keyOf = KEY_OF[order.by];
  const first = new FirstOnes(compare, limit);
  // One object for all of them: most are looked at once and never again.
  const place: PlaceInOrder = { key: null, id: "" };
  for (const column of columns.values()) {
    for (const entry of column) {
      place.key = keyOf(entry);
      place.id = entry.id;
      if (!after || compare(place, after) > 0) first.show(place);
    }
  }
  return first.places;
}
