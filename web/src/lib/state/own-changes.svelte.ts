import type { UndoAnswer } from "@dmtracker/shared/contracts/bulk.ts";
import type { ConflictField } from "@dmtracker/shared/contracts/conflict-fields.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { SvelteMap } from "svelte/reactivity";
import type { BoardFilter } from "./board-filter.svelte.ts";
import type { BoardNews } from "./board-news.ts";
import type { BoardSurface } from "./board-surface.svelte.ts";
import type { BoardTruth } from "./board-truth.svelte.ts";
import type { ChangeSender } from "./change-sender.ts";
import { Conflicts, seenBy } from "./conflicts.svelte.ts";
import type { HeldContacts } from "./held-contacts.ts";
import { newMutationId, type PendingChange } from "./pending-changes.ts";

export type OwnChangesParts = {
  me: Actor;
  truth: BoardTruth;
  filter: BoardFilter;
  surface: BoardSurface;
  sender: ChangeSender;
  held: HeldContacts;
  news: BoardNews;
};

/** What the person at this screen does to contacts, and what became of it. */
export class OwnChanges {
  /** Own changes that met somebody else's of the same field, until one decides. */
  readonly conflicts = new Conflicts();
  readonly #parts: OwnChangesParts;
  readonly #refusals = new SvelteMap<string, string>();

  constructor(parts: OwnChangesParts) {
    this.#parts = parts;
  }

  /** Changes a contact: shown now, sent as soon as possible, kept until the log confirms it. */
  change(contactId: string, change: ContactChange): void {
    const { truth, filter, surface, sender, held, news } = this.#parts;
    this.#refusals.delete(contactId);
    const saved = truth.contacts.get(contactId);
    const decision = saved && surface.judge(contactId, change);
    if (decision && !decision.ok) return this.#refuse(contactId, decision.message);
    if (decision?.events.length === 0) return;
    this.conflicts.settle(contactId, change);
    const wish = { mutationId: newMutationId(), contactId, change };
    sender.add(saved ? { ...wish, version: saved.version, seen: seenBy(saved, change) } : wish);
    if (saved) filter.expect(saved);
    else held.want([contactId]);
    this.#settle(contactId);
    news.changed.tell({ mutationId: wish.mutationId, contactId, events: decision?.events ?? [] });
  }

  /** Takes one's own change back: what has not left the page is dropped, else the server is asked, now or later. */
  undo(mutationId: string, contactId: string): void {
    const { sender } = this.#parts;
    const dropped = sender.drop(mutationId);
    if (!dropped) sender.add({ mutationId: newMutationId(), contactId, change: {}, undoes: mutationId });
    this.#settle(contactId);
  }

  /** Why the last own change of a contact was refused. */
  refusal(contactId: string): string | undefined {
    return this.#refusals.get(contactId);
  }

  dismissRefusal(contactId: string): void {
    this.#refusals.delete(contactId);
    this.conflicts.drop(contactId);
  }

  /** What somebody else has made of a field holds. */
  dismissConflict(contactId: string, field: ConflictField): void {
    this.conflicts.drop(contactId, field);
    if (this.conflicts.of(contactId).length === 0) this.#refusals.delete(contactId);
  }

  /** The server has refused a change. */
  hearRefused(pending: PendingChange, error: ErrorBody): void {
    this.conflicts.note(pending, error);
    this.#refuse(pending.contactId, error.message, pending.undoes ?? pending.mutationId);
    this.#parts.filter.noteAnswer();
  }

  /** The server has taken a change back, or what could be taken back of it. */
  hearUndone({ undoes = "" }: PendingChange, { changed, problems }: UndoAnswer): void {
    this.#parts.news.undone.tell({ mutationId: undoes, changed, problems });
  }

  #settle(contactId: string): void {
    const { surface, me } = this.#parts;
    surface.settle([contactId], () => ({ by: "me", actor: me }));
  }

  #refuse(contactId: string, message: string, mutationId?: string): void {
    const { surface, news } = this.#parts;
    this.#refusals.set(contactId, message);
    surface.settle([contactId], () => ({ by: "refusal" }));
    const username = surface.contact(contactId)?.username ?? "";
    news.refused.tell({ contactId, username, message, mutationId });
  }
}
