import { tick } from "svelte";
import { actOf, STATUS_OF, type KeyAct } from "#lib/keys/key-map.ts";
import type { ListScreen } from "./list-screen.svelte.ts";

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
    const target = event.target as Element;
    const id = target.closest("[data-row-link], input[type='checkbox']")?.closest<HTMLElement>("[data-row]")
      ?.dataset.row;
    const act = actOf(event, "Contacts", "Contact", "Walk", "Anywhere");
    if (!id || !act) return false;
    const status = STATUS_OF[act];
    if (act === "selectAll") this.#screen.selection.chooseLoaded();
    // What is chosen is meant as a whole, as long as one stands on it.
    else if (status && this.#screen.selection.has(id)) void this.#screen.changeChosen({ status });
    else if (status) void this.#screen.change(id, { status });
    // A box that has the focus is ticked by its own Space.
    else if (act === "select" && (event.key === "x" || !target.matches("input")))
      this.#screen.selection.toggle(id);
    else if (act === "status") this.#screen.statusMenuOf = id;
    else if (act === "close") return this.#clear();
    else return this.#walk(act, event.shiftKey, id);
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

  #walk(act: KeyAct, selects: boolean, id: string): boolean {
    const { rows } = this.#screen.list;
    const index = rows.findIndex(({ contact }) => contact.id === id);
    const places: Partial<Record<KeyAct, number>> = {
      previous: index - 1,
      next: index + 1,
      pageUp: index - PAGE_ROWS,
      pageDown: index + PAGE_ROWS,
      first: 0,
      last: rows.length - 1,
    };
    const place = places[act];
    if (place === undefined) return false;
    if (selects) {
      const to = rows[Math.max(0, Math.min(rows.length - 1, place))]?.contact.id;
      if (!this.#screen.selection.has(id)) this.#screen.selection.toggle(id);
      if (to !== undefined) this.#screen.selection.extendTo(to);
    }
    this.focusAt(place);
    return true;
  }

  #clear(): boolean {
    if (this.#screen.selection.chosen.length === 0) return false;
    this.#screen.selection.clear();
    return true;
  }
}
