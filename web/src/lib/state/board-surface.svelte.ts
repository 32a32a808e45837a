/* eslint-disable svelte/prefer-svelte-reactivity -- working sets that no page reads */
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Decision, Refusal } from "@dmtracker/shared/pipeline/decision.ts";
import { SvelteMap } from "svelte/reactivity";
import type { BoardFilter } from "./board-filter.svelte.ts";
import type { Author, BoardNews, Move } from "./board-news.ts";
import type { BoardTruth } from "./board-truth.svelte.ts";
import type { ChangeSender } from "./change-sender.ts";
import type { LiveDirectory } from "./live-directory.svelte.ts";
import type { LiveState } from "./live-state.svelte.ts";
import { judge, layOver, type OverlayGround } from "./overlay.ts";
import { ShownContacts } from "./shown-contacts.svelte.ts";
import type { Shift } from "./stage-totals.ts";

export type BoardSurfaceParts = {
  me: Actor;
  truth: BoardTruth;
  directory: Pick<LiveDirectory, "settings">;
  filter: BoardFilter;
  sender: Pick<ChangeSender, "pending" | "countWaiting">;
  live: Pick<LiveState, "waiting">;
  news: Pick<BoardNews, "moved" | "settled">;
};

/** What people see: the truth with own pending changes laid over it. */
export class BoardSurface {
  readonly #parts: BoardSurfaceParts;
  readonly #shown: ShownContacts;
  readonly #waiting = new SvelteMap<string, number>();
  /** Contacts that pending changes show elsewhere than the saved totals count them. */
  shifts = $state.raw<readonly Shift[]>([]);

  constructor(parts: BoardSurfaceParts) {
    this.#parts = parts;
    this.#shown = new ShownContacts(parts.truth, parts.filter);
    this.#countWaiting();
  }

  contact(contactId: string): Contact | undefined {
    return this.#shown.get(contactId);
  }

  /** Contacts that stand in a column. */
  get placedIds(): string[] {
    return this.#shown.placedIds;
  }

  waitingFor(contactId: string): number {
    return this.#waiting.get(contactId) ?? 0;
  }

  /** What one more change would do now; undefined when that cannot be known here. */
  judge(contactId: string, change: ContactChange): Decision | Refusal | undefined {
    const ground = this.#ground();
    return ground && judge([...this.#parts.sender.pending, { contactId, change }], ground).last;
  }

  /** Brings the page in line with truth and overlay: for these contacts and for all with pending changes. */
  settle(touched: Iterable<string>, author?: (contactId: string) => Author): void {
    const { truth, sender, news } = this.#parts;
    const ids = [...touched];
    const moves = this.#place(ids, author);
    this.#countWaiting();
    // Told before the page changes, so that listeners can still measure where the cards stood.
    if (moves.length > 0) news.moved.tell(moves);
    for (const column of truth.columns) column.publish();
    news.settled.tell([...ids, ...sender.pending.map(({ contactId }) => contactId)]);
  }

  /** After new ranks; false when the end of a loaded part is no longer known. */
  rerank(contactIds: readonly string[]): boolean {
    const { pending } = this.#parts.sender;
    return this.#shown.rerank(contactIds, new Set(pending.map(({ contactId }) => contactId)));
  }

  /** The truth starts over from a snapshot. */
  reset(held: ReadonlySet<string>): void {
    this.#shown.reset(held);
  }

  /** Returns the cards that now stand elsewhere; columns show it when they are published. */
  #place(touched: readonly string[], author?: (contactId: string) => Author): Move[] {
    const { contacts } = this.#parts.truth;
    const { pending } = this.#parts.sender;
    const overlaid = new Set(pending.map(({ contactId }) => contactId));
    const moves: Move[] = [];
    const place = (contact: Contact | undefined) => {
      const what = contact && this.#shown.place(contact, overlaid.has(contact.id));
      if (what && author) moves.push({ contactId: contact.id, what, ...author(contact.id) });
    };
    for (const id of touched) if (!overlaid.has(id)) place(contacts.get(id));
    const ground = this.#ground();
    const laid = ground && pending.length > 0 ? layOver(pending, ground) : new Map<string, Contact>();
    for (const contact of laid.values()) place(contact);
    const there = (contact: Contact) => (contact.removed ? undefined : contact);
    this.shifts = [...laid.values()].map((to) => ({
      from: there(contacts.get(to.id) ?? to),
      to: there(to),
    }));
    return moves;
  }

  #countWaiting(): void {
    const counts = this.#parts.sender.countWaiting();
    this.#parts.live.waiting = [...counts.values()].reduce((sum, count) => sum + count, 0);
    for (const id of [...this.#waiting.keys()]) if (!counts.has(id)) this.#waiting.delete(id);
    for (const [id, count] of counts) this.#waiting.set(id, count);
  }

  #ground(): OverlayGround | undefined {
    const { truth, directory, me } = this.#parts;
    const { pipeline, contacts } = truth;
    if (!pipeline) return undefined;
    return {
      pipeline,
      settings: directory.settings,
      actor: me,
      now: new Date().toISOString(),
      saved: (id) => contacts.get(id),
      list: (stageId) => truth.column(stageId)?.draft ?? [],
    };
  }
}
