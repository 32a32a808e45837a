import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { isLasting } from "#lib/api/client.ts";

/** One question per burst of events. */
const ASK_AGAIN_MS = 1_000;
/** Days end without an event. */
const LOOK_MS = 60_000;

export type LogFeed = {
  onEvents(listener: (events: readonly PipelineEvent[]) => void): () => void;
  onReload(listener: () => void): () => void;
};

/** What the server counts, following the log while it is shown: asked again when an event came that it does not hold yet. */
export class LiveAnswer<Answer extends { seq: number }> {
  current = $state.raw<Answer>();
  /** Another question was asked, and what is shown still answers the one before. */
  isOld = $state(false);
  problem = $state<string>();
  readonly #load: (query: URLSearchParams) => Promise<Answer>;
  readonly #stops: (() => void)[];
  #query: URLSearchParams;
  #head = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  /** Wished for while an answer was on its way. */
  #again = false;
  #epoch = 0;

  constructor(feed: LogFeed, query: URLSearchParams, load: (query: URLSearchParams) => Promise<Answer>) {
    this.#load = load;
    this.#query = query;
    const look = setInterval(() => this.#askSoon(), LOOK_MS);
    this.#stops = [
      feed.onEvents((events) => this.#hear(events)),
      feed.onReload(() => this.#askSoon()),
      () => clearInterval(look),
    ];
    void this.#ask();
  }

  close(): void {
    this.#epoch += 1;
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  /** Asks another question. */
  show(query: URLSearchParams): void {
    if (query.toString() === this.#query.toString()) return;
    this.#query = query;
    this.isOld = true;
    void this.#ask();
  }

  retry(): void {
    void this.#ask();
  }

  #hear(events: readonly PipelineEvent[]): void {
    this.#head = Math.max(this.#head, events.at(-1)?.seq ?? 0);
    if (this.#head > (this.current?.seq ?? 0)) this.#askSoon();
  }

  /** Not while an answer is on its way: where each took longer than the next question none would ever be shown. */
  #askSoon(): void {
    if (this.#asking) this.#again = true;
    else this.#timer ??= setTimeout(() => void this.#ask(), ASK_AGAIN_MS);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const epoch = ++this.#epoch;
    this.#asking = true;
    this.#again = false;
    try {
      const answer = await this.#load(this.#query);
      // An answer to an earlier question is dropped, however late it comes.
      if (epoch !== this.#epoch) return;
      this.#asking = false;
      this.current = answer;
      this.isOld = false;
      this.problem = undefined;
      if (this.#again || this.#head > answer.seq) this.#askSoon();
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.#asking = false;
      this.problem = error instanceof Error ? error.message : "It could not be loaded";
      if (!isLasting(error)) this.#askSoon();
    }
  }
}
