import type { BoardSnapshot, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { BoardFilter } from "./board-filter.svelte.ts";
import type { BoardNews } from "./board-news.ts";
import type { BoardSurface } from "./board-surface.svelte.ts";
import type { BoardSync } from "./board-sync.ts";
import { contactIdsOf, type BoardTruth } from "./board-truth.svelte.ts";
import type { ChangeSender } from "./change-sender.ts";
import type { HeldContacts } from "./held-contacts.ts";
import type { LiveDirectory } from "./live-directory.svelte.ts";

export type BoardIntakeParts = {
  truth: BoardTruth;
  directory: LiveDirectory;
  filter: BoardFilter;
  sender: Pick<ChangeSender, "pending" | "confirm">;
  surface: BoardSurface;
  held: HeldContacts;
  sync: Pick<BoardSync, "seq" | "notice" | "restart" | "startOver">;
  news: BoardNews;
};

/** What the server says goes into the truth, and all that it touches onto the page: snapshots, events, answers. */
export class BoardIntake {
  readonly #parts: BoardIntakeParts;

  constructor(parts: BoardIntakeParts) {
    this.#parts = parts;
  }

  /** The truth starts over: a snapshot of this view, and pages below it. */
  install(snapshot: BoardSnapshot, filter: ContactFilter, deeper: readonly ColumnPageAt[]): void {
    const { truth, directory, held, sender, surface, sync, news } = this.#parts;
    this.#parts.filter.use(filter, snapshot.filtered);
    directory.install(snapshot);
    truth.install(snapshot, deeper);
    surface.reset(held.opened);
    held.startOver(sender.pending.map(({ contactId }) => contactId));
    sender.confirm(snapshot.pipeline.seq);
    surface.settle(truth.contacts.keys());
    sync.restart(snapshot.pipeline.seq);
    news.reloaded.tell(undefined);
  }

  /** The log goes on: every event in order, each exactly once. */
  apply(events: readonly PipelineEvent[]): void {
    const { sender, surface, sync, filter, news, truth } = this.#parts;
    const touched = new Map<string, Actor>();
    const settle = () => surface.settle(touched.keys(), (id) => ({ by: "someone", actor: touched.get(id) }));
    for (const event of events) {
      try {
        // Places are compared by rank: what moved before the ranks change must stand in its place by then.
        if (event.type === "pipeline.reranked") settle();
        this.#applyOne(event);
        for (const id of contactIdsOf(event)) touched.set(id, event.cause?.actor ?? event.actor);
      } catch (error) {
        // One event that cannot be read must not stop the others: a snapshot repairs what it would have done.
        console.error(`Event ${event.seq} cannot be applied`, error);
        truth.forgetBefore(event.seq);
        sync.startOver();
      }
    }
    const confirmed = sender.confirm(sync.seq);
    settle();
    surface.settle(confirmed, () => ({ by: "someone" }));
    filter.note(events);
    news.events.tell(events);
  }

  /** An own change is committed as of `seq`; it may be in the truth already. */
  acknowledge(seq: number): void {
    const { sync, surface, sender, filter } = this.#parts;
    sync.notice(seq);
    surface.settle(sender.confirm(sync.seq), () => ({ by: "someone" }));
    filter.noteAnswer();
  }

  #applyOne(event: PipelineEvent): void {
    const { truth, directory, held, filter } = this.#parts;
    const missing = truth.apply(event);
    directory.hear(event);
    if (missing) held.want([missing]);
    else if (event.contactId && filter.mayBringIn(event)) held.want([event.contactId]);
    if (event.type === "pipeline.reranked") this.#applyRanks(event);
  }

  #applyRanks(event: PipelineEvent): void {
    const { surface, truth, sync } = this.#parts;
    const sure = surface.rerank(contactIdsOf(event));
    if (!sure || truth.leavesHole(event)) sync.startOver();
  }
}
