/* eslint-disable svelte/prefer-svelte-reactivity -- working maps that no page reads: reactivity would cost every event */
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { SvelteMap } from "svelte/reactivity";
import type { BoardFilter } from "./board-filter.svelte.ts";
import type { BoardTruth } from "./board-truth.svelte.ts";

/** Contacts as people see them, each in at most one column. */
export class ShownContacts {
  readonly #truth: BoardTruth;
  readonly #filter: BoardFilter;
  readonly #shown = new SvelteMap<string, Contact>();
  /** What stands in a column, exactly as it was inserted there. */
  readonly #placed = new Map<string, Contact>();

  constructor(truth: BoardTruth, filter: BoardFilter) {
    this.#truth = truth;
    this.#filter = filter;
  }

  get(id: string): Contact | undefined {
    return this.#shown.get(id);
  }

  /** Contacts that stand in a column. */
  get placedIds(): string[] {
    return [...this.#placed.keys()];
  }

  /** The columns were emptied for a snapshot: keep only what is held, until it is placed again. */
  reset(held: ReadonlySet<string>): void {
    this.#placed.clear();
    for (const id of [...this.#shown.keys()]) {
      if (!held.has(id) && !this.#truth.contacts.has(id)) this.#shown.delete(id);
    }
  }

  /**
   * Shows a contact in its new state and says whether it now stands elsewhere than before. An own pending change
   * stands where the person put it, even below what is loaded.
   */
  place(contact: Contact, pending: boolean): "moved" | "appeared" | undefined {
    if (this.#shown.get(contact.id) !== contact) this.#shown.set(contact.id, contact);
    const old = this.#placed.get(contact.id);
    const column = this.#truth.column(contact.stageId);
    const covered = column !== undefined && (pending || column.covers(contact));
    const isThere = covered && contact.removed === null;
    const visible = isThere && this.#filter.shows(contact, pending && old !== undefined);
    if (old === contact && visible) return undefined;
    const stays = old?.stageId === contact.stageId && old.rank === contact.rank && visible;
    if (visible) this.#placed.set(contact.id, contact);
    else this.#placed.delete(contact.id);
    if (stays) column.replace(old, contact);
    else {
      if (old) this.#truth.column(old.stageId)?.remove(old);
      if (visible) column.insert(contact);
    }
    if (stays || contact.removed) return undefined;
    return old ? "moved" : visible ? "appeared" : undefined;
  }

  /**
   * New ranks, same order: every contact is replaced where it stands, because searching by place would fail in a
   * list that is half old and half new. The boundary moves to the new place of the last contact inside it; false
   * when no such contact tells where that is.
   */
  rerank(ids: readonly string[], pending: ReadonlySet<string>): boolean {
    const { contacts } = this.#truth;
    let sure = true;
    const stageIds = new Set(ids.map((id) => contacts.get(id)?.stageId));
    for (const column of this.#truth.columns.filter(({ stageId }) => stageIds.has(stageId))) {
      const last = column.draft.findLast((contact) => !pending.has(contact.id) && column.covers(contact));
      const boundary = last && contacts.get(last.id);
      column.replaceAll((old) => (pending.has(old.id) ? old : (contacts.get(old.id) ?? old)));
      if (!column.complete && boundary) column.extend(boundary, true);
      sure &&= column.complete || boundary !== undefined;
      for (const contact of column.draft) {
        this.#placed.set(contact.id, contact);
        this.#shown.set(contact.id, contact);
      }
    }
    return sure;
  }
}
