import { UNDO_MINUTES } from "@dmtracker/shared/contracts/limits.ts";

const MINUTE_MS = 60_000;
/** Nobody goes further back by hand. */
const DEPTH = 100;

export type Undoable = {
  mutationId: string;
  /** The one contact that it changed; undefined for a bulk action. */
  contactId: string | undefined;
  /** "Moved @kim.fit to Meeting Booked" */
  title: string;
  at: number;
};

/** One's own changes, the newest last. What is too old for the server to undo is not offered. */
export class UndoStack {
  #entries: Undoable[] = [];

  push(entry: Undoable): void {
    this.#entries = [...this.#entries, entry].slice(-DEPTH);
  }

  /** The newest change, or the named one; it is not on the stack any more. */
  take(now: number, mutationId?: string): Undoable | undefined {
    this.#entries = this.#entries.filter(({ at }) => now - at < UNDO_MINUTES * MINUTE_MS);
    const entry =
      mutationId === undefined
        ? this.#entries.at(-1)
        : this.#entries.find((known) => known.mutationId === mutationId);
    this.#entries = this.#entries.filter((known) => known !== entry);
    return entry;
  }

  /** A refused change has nothing to undo. */
  forget(mutationId: string): void {
    this.#entries = this.#entries.filter((entry) => entry.mutationId !== mutationId);
  }
}
