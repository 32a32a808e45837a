import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import type { FilterField, FilterNames } from "./filter-words.ts";

/** An address that holds a filter. */
export type FilterAddress = {
  readonly filter: ContactFilter;
  /** What it says and no filter means. */
  readonly dropped: readonly string[];
  choose(filter: ContactFilter): void;
  type(search: string): void;
};

/** The filter of a page: the address that holds it, the names to tell it by, and what is open for choosing. */
export class PageFilter<Address extends FilterAddress = FilterAddress> {
  readonly url: Address;
  readonly #board: Board;
  open = $state(false);
  /** Which kind of filter is open for choosing. */
  field = $state<FilterField>("leadStatus");
  readonly names: FilterNames = $derived.by(() => {
    const { pipeline, members, tags } = this.#board;
    return { stages: pipeline?.stages ?? [], members, tags };
  });

  constructor(board: Board, url: Address) {
    this.#board = board;
    this.url = url;
  }

  openAt(field: FilterField): void {
    this.field = field;
    this.open = true;
  }
}
