import type { ContactList } from "#lib/state/contact-list.svelte.ts";
import { SvelteSet } from "svelte/reactivity";

/** The chosen rows of a list. Rows that are not in the list any more are not chosen, whoever took them out. */
export class ListSelection {
  readonly #list: ContactList;
  readonly #ids = new SvelteSet<string>();
  /** Everybody who matches the filter, loaded or not. */
  everything = $state(false);
  /** Where a range begins. */
  #anchor: string | undefined;
  readonly chosen: readonly string[] = $derived.by(() =>
    this.#ids.size === 0 && !this.everything
      ? []
      : this.#list.rows.map(({ contact }) => contact.id).filter((id) => this.has(id)),
  );

  constructor(list: ContactList) {
    this.#list = list;
  }

  has(id: string): boolean {
    return this.everything || this.#ids.has(id);
  }

  /** From here on the filter chooses: whoever comes to match belongs to it. */
  chooseEverything(): void {
    this.everything = true;
  }

  toggle(id: string): void {
    this.#anchor = id;
    this.#chooseOneByOne();
    if (!this.#ids.delete(id)) this.#ids.add(id);
  }

  /** Everything between the row chosen last and this one. */
  extendTo(id: string): void {
    const rows = this.#list.rows.map(({ contact }) => contact.id);
    const from = rows.indexOf(this.#anchor ?? id);
    const to = rows.indexOf(id);
    if (to < 0) return;
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    for (const one of rows.slice(first, last + 1)) this.#ids.add(one);
    this.#anchor ??= id;
  }

  /** All rows that are loaded: what cannot be seen is not chosen. */
  chooseLoaded(): void {
    for (const { contact } of this.#list.rows) this.#ids.add(contact.id);
  }

  clear(): void {
    this.everything = false;
    this.#ids.clear();
    this.#anchor = undefined;
  }

  /** Taking one out of everybody leaves those who can be seen. */
  #chooseOneByOne(): void {
    if (!this.everything) return;
    this.chooseLoaded();
    this.everything = false;
  }
}
