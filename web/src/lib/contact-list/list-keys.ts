import { tick } from "svelte";
import type { BulkChange } from "@dmtracker/shared/contracts/bulk.ts";
import { REENGAGE } from "#lib/bulk/re-engage.ts";
import { actOf, STATUS_OF, type KeyAct, type KeyGroup } from "#lib/keys/key-map.ts";
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
    const ownKeys: KeyGroup[] = this.#screen.isQueue ? ["Review"] : [];
    const act = actOf(event, ...ownKeys, "Contacts", "Contact", "Walk", "Anywhere");
    if (!id || !act) return false;
    const status = STATUS_OF[act];
    if (act === "selectAll") this.#screen.selection.chooseLoaded();
    else if (status) this.#change(id, { status });
    else if (act === "reengage") this.#change(id, REENGAGE);
    else if (act === "park" && this.#screen.selection.has(id)) void this.#screen.parkChosen();
    // A box that has the focus is ticked by its own Space.
    else if (act === "select" && (event.key === "x" || !target.matches("input")))
      this.#screen.selection.toggle(id);
    // Where the row shows no badge, the palette asks, as it does for a stage.
    else if (act === "status" && this.#screen.columns.isShown("status")) this.#screen.statusMenuOf = id;
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

  /** What is chosen is meant as a whole, as long as one stands on it. In a queue the work goes on in the next row. */
  #change(id: string, change: Pick<BulkChange, "status" | "followUp">): void {
    const { selection, isQueue } = this.#screen;
    if (selection.has(id)) void this.#screen.changeChosen(change);
    else void this.#screen.change(id, change).then(() => isQueue && this.#goOn(id));
  }

  #goOn(id: string): void {
    const { rows } = this.#screen.list;
    const at = rows.findIndex(({ contact }) => contact.id === id);
    // Thought better of it: the row is still one of the queue.
    if (at < 0 || !rows[at]?.left) return;
    const next = rows.slice(at).findIndex(({ left }) => !left);
    this.focusAt(next < 0 ? rows.findLastIndex(({ left }) => !left) : at + next);
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
