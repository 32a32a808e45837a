import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { LEFT_MS } from "./board-filter.svelte.ts";
import { ListRows, type ListRow, type Order } from "./list-rows.ts";

/** How a contact stands to a view at this moment. */
export type Standing = {
  /** It passes the filter. */
  belongs: boolean;
  /** A change by the person at this screen is on its way. */
  mine: boolean;
};

/** The part of a view that is loaded: who stands in it and where, and who leaves it in a moment. */
export class ListWindow {
  readonly #rows: ListRows;
  readonly #leaving = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #onLeft: () => void;
  #order: Order;
  /** The last place that is loaded, as it was when it was read. */
  #end: Contact | undefined;
  #isWhole = false;

  /** @param onLeft called when a row has gone by itself: there is something to publish */
  constructor(order: Order, onLeft: () => void) {
    this.#order = order;
    this.#rows = new ListRows(order);
    this.#onLeft = onLeft;
  }

  get size(): number {
    return this.#rows.size;
  }

  get ids(): string[] {
    return this.#rows.ids;
  }

  /** How many rows belong to the view. */
  get staying(): number {
    return this.#rows.staying;
  }

  restart(order: Order): void {
    this.#order = order;
    this.#end = undefined;
    this.#isWhole = false;
    this.#rows.restart(order);
    this.close();
  }

  /** One more page is there. Its contacts still have to be placed. */
  extend(contacts: readonly Contact[], isWhole: boolean): void {
    this.#end = contacts.at(-1) ?? this.#end;
    this.#isWhole = isWhole;
  }

  place(contact: Contact, { belongs, mine }: Standing): void {
    const { id } = contact;
    const row = this.#rows.get(id);
    if (contact.removed) {
      this.#stay(id);
      this.#rows.remove(id);
      return;
    }
    if (!belongs) {
      if (row && (row.left || mine)) this.#leave(contact);
      else this.#rows.remove(id);
      return;
    }
    this.#stay(id);
    // One's own change is shown where it leads, even below what is loaded.
    const visible = this.#covers(contact) || (row !== undefined && mine);
    if (row?.contact === contact && !row.left && visible) return;
    if (visible) this.#rows.set(contact);
    else this.#rows.remove(id);
  }

  /** The rows as they are now; undefined when nothing has changed since the last time. */
  publish(): readonly ListRow[] | undefined {
    return this.#rows.publish();
  }

  close(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
  }

  #covers(contact: Contact): boolean {
    return this.#isWhole || (this.#end !== undefined && this.#order(contact, this.#end) <= 0);
  }

  #leave(contact: Contact): void {
    this.#rows.set(contact, true);
    if (this.#leaving.has(contact.id)) return;
    this.#leaving.set(
      contact.id,
      setTimeout(() => {
        this.#leaving.delete(contact.id);
        this.#rows.remove(contact.id);
        this.#onLeft();
      }, LEFT_MS),
    );
  }

  #stay(id: string): void {
    clearTimeout(this.#leaving.get(id));
    this.#leaving.delete(id);
  }
}
