import { tick } from "svelte";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { ListScreen } from "./list-screen.svelte.ts";

const STATUS_KEYS: Record<string, LeadStatus> = { 1: "open", 2: "won", 3: "lost", 4: "abandoned" };
const PAGE_ROWS = 15;

/** Everything that the keyboard does in the list: walking, choosing, setting a status. */
export class ListKeys {
  readonly #screen: ListScreen;
  readonly #show: (index: number) => void;

  constructor(screen: ListScreen, show: (index: number) => void) {
    this.#screen = screen;
    this.#show = show;
  }

  /** True when the key was one of the list's. */
  press(event: KeyboardEvent): boolean {
    const id = (event.target as Element).closest<HTMLElement>("[data-row-link]")?.dataset.rowLink;
    if (!id || event.altKey) return false;
    if (event.ctrlKey || event.metaKey) return event.key === "a" && this.#chooseAll();
    const status = STATUS_KEYS[event.key];
    if (status) void this.#screen.change([id], { status });
    else if (event.key === " " || event.key === "x") this.#screen.selection.toggle(id);
    else if (event.key === "s") this.#screen.statusMenuOf = id;
    else if (event.key === "Escape") return this.#clear();
    else return this.#walk(event, id);
    return true;
  }

  /** Puts the focus on a row, drawn or not. */
  focusAt(index: number): void {
    const { rows } = this.#screen.list;
    const id = rows[Math.max(0, Math.min(rows.length - 1, index))]?.contact.id;
    if (id === undefined) return;
    this.#screen.focusedId = id;
    this.#show(Math.max(0, Math.min(rows.length - 1, index)));
    void tick().then(() =>
      document.querySelector<HTMLElement>(`[data-row-link="${id}"]`)?.focus({ preventScroll: true }),
    );
  }

  #walk({ key, shiftKey }: KeyboardEvent, id: string): boolean {
    const { rows } = this.#screen.list;
    const index = rows.findIndex(({ contact }) => contact.id === id);
    const places: Record<string, number> = {
      ArrowUp: index - 1,
      k: index - 1,
      ArrowDown: index + 1,
      j: index + 1,
      PageUp: index - PAGE_ROWS,
      PageDown: index + PAGE_ROWS,
      Home: 0,
      End: rows.length - 1,
    };
    const place = places[key];
    if (place === undefined) return false;
    if (shiftKey) {
      const to = rows[Math.max(0, Math.min(rows.length - 1, place))]?.contact.id;
      if (!this.#screen.selection.has(id)) this.#screen.selection.toggle(id);
      if (to !== undefined) this.#screen.selection.extendTo(to);
    }
    this.focusAt(place);
    return true;
  }

  #chooseAll(): boolean {
    this.#screen.selection.chooseLoaded();
    return true;
  }

  #clear(): boolean {
    if (this.#screen.selection.chosen.length === 0) return false;
    this.#screen.selection.clear();
    return true;
  }
}
