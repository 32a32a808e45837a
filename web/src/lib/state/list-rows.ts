import type { Contact } from "@dmtracker/shared/contracts/contact.ts";

export type ListRow = {
  readonly contact: Contact;
  /** Changed by the person at this screen so that it does not belong here any more: it stays for a moment. */
  readonly left: boolean;
};

/** A row and the contact as it was when it got its place: a row that has left stays where it stood. */
type PlacedRow = ListRow & { readonly place: Contact };

export type Order = (a: Contact, b: Contact) => number;

/** Rows in their order. Changed in a draft and published together, so that a batch of events costs one update. */
export class ListRows {
  #order: Order;
  #draft: PlacedRow[] = [];
  readonly #byId = new Map<string, PlacedRow>();
  #changed = false;

  constructor(order: Order) {
    this.#order = order;
  }

  get size(): number {
    return this.#draft.length;
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  /** How many rows belong to the view. */
  get staying(): number {
    return this.#draft.reduce((count, { left }) => count + (left ? 0 : 1), 0);
  }

  get(id: string): ListRow | undefined {
    return this.#byId.get(id);
  }

  restart(order: Order): void {
    this.#order = order;
    this.#draft = [];
    this.#byId.clear();
    this.#changed = true;
  }

  /** Puts a contact where it belongs now; `left` keeps it where it stands. */
  set(contact: Contact, left = false): void {
    const old = this.#byId.get(contact.id);
    const place = left && old ? old.place : contact;
    const row = { contact, left, place };
    this.#changed = true;
    this.#byId.set(contact.id, row);
    if (old && this.#order(old.place, place) === 0) {
      this.#draft[this.#placeOf(old.place)] = row;
      return;
    }
    if (old) this.#draft.splice(this.#placeOf(old.place), 1);
    this.#draft.splice(this.#placeOf(place), 0, row);
  }

  remove(id: string): void {
    const old = this.#byId.get(id);
    if (!old) return;
    this.#byId.delete(id);
    this.#draft.splice(this.#placeOf(old.place), 1);
    this.#changed = true;
  }

  /** The rows as they are now; undefined when nothing has changed since the last time. */
  publish(): readonly ListRow[] | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    return this.#draft.slice();
  }

  /** The order ends with the id, so that every contact has one place only. */
  #placeOf(contact: Contact): number {
    let low = 0;
    let high = this.#draft.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order((this.#draft[middle] as PlacedRow).place, contact) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
