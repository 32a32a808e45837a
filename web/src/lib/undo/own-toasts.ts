import type { Names } from "@dmtracker/shared/pipeline/sentence.ts";
import type { OwnChange, RefusedChange, Undoing } from "#lib/state/board-news.ts";
import type { BulkEnd } from "#lib/state/bulk-actions.svelte.ts";
import { UndoStack, type Undoable } from "./undo-stack.ts";
import { bulkDetail, bulkTitle, isUndoable, titleOf } from "./undo-words.ts";

export type OwnToast = {
  kind: "message" | "warning" | "error";
  title: string;
  description?: string | undefined;
  /** Offered beside the words. */
  undo?: () => void;
};

export type OwnToastsParts = {
  /** One toast at a time speaks of one's own changes: the next one takes its place. */
  show: (toast: OwnToast) => void;
  dismiss: () => void;
  undo: (entry: Undoable) => void;
};

/** What is said of one's own changes, and which of them Undo takes back. */
export class OwnToasts {
  readonly #parts: OwnToastsParts;
  readonly #stack = new UndoStack();
  /** The change that the toast on the screen speaks of. */
  #shown: string | undefined;

  constructor(parts: OwnToastsParts) {
    this.#parts = parts;
  }

  noteChange({ mutationId, contactId, events }: OwnChange, names: Names): void {
    if (events.length > 0 && !isUndoable(events)) return;
    const entry = { mutationId, contactId, title: titleOf(events, names), at: Date.now() };
    // A card that stands a little higher is no news; Ctrl+Z takes it back all the same.
    if (events.every(({ type }) => type === "contact.reordered")) this.#stack.push(entry);
    else this.#offer(entry);
  }

  /** Takes the named change back, or the last one. */
  undo(mutationId?: string): void {
    const entry = this.#stack.take(Date.now(), mutationId);
    if (!entry) return this.#say({ kind: "message", title: "There is nothing to undo" });
    this.#say({ kind: "message", title: `Undone: ${entry.title}` }, entry.mutationId);
    this.#parts.undo(entry);
  }

  noteUndone({ mutationId, changed, problems }: Undoing): void {
    const [first] = problems;
    if (!first) return;
    const title = changed > 0 ? "Undone in part" : "Not undone";
    this.#say({ kind: "warning", title, description: `@${first.username}: ${first.message}` }, mutationId);
  }

  /** It did not happen: nothing on the screen may say that it did. The refusal is said by whoever shows the contact. */
  noteRefused({ mutationId }: RefusedChange): void {
    if (mutationId === undefined) return;
    this.#stack.forget(mutationId);
    if (this.#shown === mutationId) this.#parts.dismiss();
  }

  noteEnd(end: BulkEnd): void {
    if ("problem" in end) {
      const title = end.isUnsure ? "No answer" : "Not done";
      return this.#say({ kind: "error", title, description: end.problem });
    }
    const { bulk, mutationId } = end;
    const [title, description] = [bulkTitle(bulk), bulkDetail(bulk)];
    if (bulk.kind === "change" && bulk.changed > 0) {
      this.#offer({ mutationId, contactId: undefined, title, at: Date.now() }, description);
    } else this.#say({ kind: "message", title, description });
  }

  #offer(entry: Undoable, description?: string): void {
    this.#stack.push(entry);
    const undo = (): void => this.undo(entry.mutationId);
    this.#say({ kind: "message", title: entry.title, description, undo }, entry.mutationId);
  }

  #say(toast: OwnToast, mutationId?: string): void {
    this.#shown = mutationId;
    this.#parts.show(toast);
  }
}
