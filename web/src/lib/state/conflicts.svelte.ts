import { WRITTEN_FIELD, type ConflictField } from "@dmtracker/shared/contracts/conflict-fields.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import { SvelteMap } from "svelte/reactivity";
import type { PendingChange } from "./pending-changes.ts";

/** One's own change met somebody else's of the same field: three values, and a person decides. */
export type Conflict = {
  contactId: string;
  field: ConflictField;
  /** What one wanted, to be sent again or given up. */
  change: ContactChange;
  /** What stood there when one wanted it; undefined when that was not seen. */
  original: unknown;
  by: string;
  at: string | null;
};

/** The fields that a change is about, as they were. */
export function seenBy(contact: Contact, change: ContactChange): Partial<Contact> {
  const fields = (Object.keys(WRITTEN_FIELD) as ConflictField[]).filter((name) => change[name] !== undefined);
  return Object.fromEntries(fields.map((name) => [WRITTEN_FIELD[name], contact[WRITTEN_FIELD[name]]]));
}

const isField = (name: string): name is ConflictField => Object.hasOwn(WRITTEN_FIELD, name);

/** Conflicts that wait for a decision. */
export class Conflicts {
  readonly #byContact = new SvelteMap<string, readonly Conflict[]>();

  of(contactId: string): readonly Conflict[] {
    return this.#byContact.get(contactId) ?? [];
  }

  note({ contactId, change, seen }: PendingChange, { conflict }: ErrorBody): void {
    if (!conflict || !isField(conflict.field)) return;
    const { field, by, at } = conflict;
    const original = seen?.[WRITTEN_FIELD[field]];
    const others = this.of(contactId).filter((known) => known.field !== field);
    this.#byContact.set(contactId, [...others, { contactId, field, change, original, by, at }]);
  }

  /** Decided: one wish about a field settles what waited there. */
  settle(contactId: string, change: ContactChange): void {
    this.#keep(contactId, ({ field }) => change[field] === undefined);
  }

  drop(contactId: string, field?: ConflictField): void {
    this.#keep(contactId, (conflict) => field !== undefined && conflict.field !== field);
  }

  #keep(contactId: string, stays: (conflict: Conflict) => boolean): void {
    const known = this.#byContact.get(contactId);
    if (!known) return;
    const rest = known.filter(stays);
    if (rest.length > 0) this.#byContact.set(contactId, rest);
    else this.#byContact.delete(contactId);
  }
}
