import type { ActivityPage } from "@dmtracker/shared/contracts/board.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { isActivity } from "@dmtracker/shared/pipeline/apply-event.ts";

/** What a history needs of the board: the events as they are applied, and the word that some were skipped. */
export type HistoryFeed = {
  onEvents: (listener: (events: readonly PipelineEvent[]) => void) => () => void;
  onReload: (listener: () => void) => () => void;
};

export type LoadHistoryPage = (before?: number) => Promise<ActivityPage>;

/** A contact's history, newest first: pages from the server below, live events on top, each line once. */
export class ContactHistory {
  readonly #contactId: string;
  readonly #load: LoadHistoryPage;
  readonly #stop: (() => void)[];
  /** Grows when the history starts over: what an older request answers then is dropped. */
  #epoch = 0;

  events = $state.raw<PipelineEvent[]>([]);
  more = $state(false);
  /** Nothing to show yet: the first page is on its way. */
  starting = $state(true);
  loadingOlder = $state(false);
  problem = $state<string>();
  /** Lines after this one came while the page was open. */
  openedAt = $state(Infinity);

  constructor(contactId: string, feed: HistoryFeed, load: LoadHistoryPage) {
    this.#contactId = contactId;
    this.#load = load;
    // Listening comes before asking, so that nothing falls between.
    this.#stop = [feed.onEvents((events) => this.#receive(events)), feed.onReload(() => void this.reload())];
    void this.reload();
  }

  close(): void {
    this.#epoch += 1;
    for (const stop of this.#stop) stop();
  }

  async reload(): Promise<void> {
    const epoch = ++this.#epoch;
    this.problem = undefined;
    try {
      const page = await this.#load();
      if (epoch !== this.#epoch) return;
      const newest = page.events[0]?.seq ?? 0;
      // What arrived meanwhile stays; what was there before may have a hole and goes.
      const arrived = this.events.filter((event) => event.seq > newest);
      this.events = [...arrived, ...page.events];
      this.more = page.more;
      if (this.starting) this.openedAt = newest;
      this.starting = false;
    } catch {
      if (epoch === this.#epoch) this.problem = "The history could not be loaded.";
    }
  }

  async loadOlder(): Promise<void> {
    const oldest = this.events.at(-1);
    if (!oldest || !this.more || this.loadingOlder) return;
    const epoch = this.#epoch;
    this.loadingOlder = true;
    this.problem = undefined;
    try {
      const page = await this.#load(oldest.seq);
      if (epoch !== this.#epoch) return;
      this.events = [...this.events, ...page.events];
      this.more = page.more;
    } catch {
      if (epoch === this.#epoch) this.problem = "Older lines could not be loaded.";
    } finally {
      this.loadingOlder = false;
    }
  }

  #receive(events: readonly PipelineEvent[]): void {
    const newest = this.events[0]?.seq ?? 0;
    const lines = events.filter(
      ({ contactId, type, seq }) => contactId === this.#contactId && isActivity(type) && seq > newest,
    );
    if (lines.length > 0) this.events = [...lines.toReversed(), ...this.events];
  }
}
