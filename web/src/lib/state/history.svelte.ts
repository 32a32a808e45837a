/* eslint-disable svelte/prefer-svelte-reactivity -- a working map that no page reads */
import type { ActivityStreamPage } from "@dmtracker/shared/contracts/activity.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { isLine, type LineFilter } from "@dmtracker/shared/pipeline/activity-kinds.ts";

/** What a history needs of the board: the events as they are applied, and the word that some were skipped. */
export type HistoryFeed = {
  onEvents: (listener: (events: readonly PipelineEvent[]) => void) => () => void;
  onReload: (listener: () => void) => () => void;
};

/** Which lines, and from which day back; without a day from now. */
export type HistoryView = LineFilter & { until?: string | undefined };

export type HistoryPage = Pick<ActivityStreamPage, "events" | "next" | "reached">;
export type LoadHistoryPage = (view: HistoryView, before?: number) => Promise<HistoryPage>;

/** Whether an event is about what this history is about; undefined as long as that cannot be known here. */
export type Concerns = (event: PipelineEvent) => boolean | undefined;

/** Lines of history, newest first: pages from the server below, live events on top, each line once. */
export class History {
  readonly #load: LoadHistoryPage;
  readonly #concerns: Concerns;
  readonly #stop: (() => void)[];
  #view: HistoryView = {};
  #next: number | null = null;
  /** Grows when the history starts over: what an older request answers then is dropped. */
  #epoch = 0;
  /** Events of which it is not known yet whether they belong here. */
  readonly #unsure = new Map<number, PipelineEvent>();

  events = $state.raw<readonly PipelineEvent[]>([]);
  /** New lines that wait, because one is reading further down. */
  waiting = $state.raw<readonly PipelineEvent[]>([]);
  /** One is reading further down: nothing may move. */
  reading = $state(false);
  more = $state(false);
  /** Nothing of this view is there yet: its first page is on its way. */
  starting = $state(true);
  loadingOlder = $state(false);
  problem = $state<string>();
  /** How far back a narrow view has been looked for. */
  reached = $state<string | null>(null);
  /** Lines after this one came while the page was open. */
  openedAt = $state(Infinity);

  constructor(feed: HistoryFeed, load: LoadHistoryPage, concerns: Concerns, view: HistoryView = {}) {
    this.#load = load;
    this.#concerns = concerns;
    this.#view = view;
    // Listening comes before asking, so that nothing falls between.
    this.#stop = [feed.onEvents((events) => this.#receive(events)), feed.onReload(() => void this.reload())];
    void this.reload();
  }

  close(): void {
    this.#epoch += 1;
    for (const stop of this.#stop) stop();
  }

  /** Another view of the same history; what is shown stays until the first page is there. */
  show(view: HistoryView): void {
    this.#view = view;
    this.openedAt = Infinity;
    this.starting = true;
    this.events = [];
    void this.reload();
  }

  async reload(): Promise<void> {
    const epoch = ++this.#epoch;
    this.problem = undefined;
    this.loadingOlder = false;
    this.#unsure.clear();
    try {
      const page = await this.#load(this.#view);
      if (epoch !== this.#epoch) return;
      const newest = page.events[0]?.seq ?? 0;
      // What arrived meanwhile stays; what was there before may have a hole and goes.
      const arrived = [...this.waiting, ...this.events].filter((event) => event.seq > newest);
      this.events = [...arrived, ...page.events];
      this.waiting = [];
      this.#take(page);
      if (this.openedAt === Infinity) this.openedAt = newest;
      this.starting = false;
    } catch {
      if (epoch === this.#epoch) this.problem = "The history could not be loaded.";
    }
  }

  async loadOlder(): Promise<void> {
    if (this.#next === null || this.loadingOlder) return;
    const epoch = this.#epoch;
    this.loadingOlder = true;
    this.problem = undefined;
    try {
      const page = await this.#load(this.#view, this.#next);
      if (epoch !== this.#epoch) return;
      this.events = [...this.events, ...page.events];
      this.#take(page);
    } catch {
      if (epoch === this.#epoch) this.problem = "Older lines could not be loaded.";
    } finally {
      if (epoch === this.#epoch) this.loadingOlder = false;
    }
  }

  /** Shows the lines that wait. */
  showWaiting(): void {
    this.events = [...this.waiting, ...this.events];
    this.waiting = [];
  }

  /** More is known now about some contacts: events that waited for it find their place. */
  learn(): void {
    if (this.#unsure.size === 0) return;
    const known = [...this.#unsure.values()].filter((event) => this.#concerns(event) !== undefined);
    for (const { seq } of known) this.#unsure.delete(seq);
    this.#add(known.filter((event) => this.#concerns(event)));
  }

  #take({ next, reached }: HistoryPage): void {
    this.#next = next;
    this.more = next !== null;
    this.reached = reached;
  }

  #receive(events: readonly PipelineEvent[]): void {
    // A day of the past stays as it is.
    if (this.#view.until !== undefined) return;
    const lines = events.filter((event) => isLine(event, this.#view));
    for (const event of lines) if (this.#concerns(event) === undefined) this.#unsure.set(event.seq, event);
    this.#add(lines.filter((event) => this.#concerns(event)));
  }

  #add(lines: readonly PipelineEvent[]): void {
    const known = new Set([...this.waiting, ...this.events.slice(0, 500)].map(({ seq }) => seq));
    const fresh = lines.filter(({ seq }) => !known.has(seq) && seq > this.#floor());
    if (fresh.length === 0) return;
    const shown = this.reading ? this.waiting : this.events;
    const next = [...fresh, ...shown].sort((a, b) => b.seq - a.seq);
    if (this.reading) this.waiting = next;
    else this.events = next;
  }

  /** What is older than the first page has been read, or will be by the pages that follow. */
  #floor(): number {
    return this.openedAt === Infinity ? 0 : this.openedAt;
  }
}
