import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { sentence } from "./act.svelte.ts";

/** Under a stream of events the server is asked this often at most. */
const PAUSE_MS = 1_000;

type Feed = { onEvents: (listener: (events: readonly PipelineEvent[]) => void) => () => void };

/** Which events may have changed it: those that show at once, and those that come by the hundred and may wait. */
export type Concerns = { now?: (event: PipelineEvent) => boolean; soon?: (event: PipelineEvent) => boolean };

/** Something that is read from the server, and again when an event may have changed it. */
export class Reread<Value> {
  value = $state.raw<Value>();
  problem = $state<string>();
  readonly #load: () => Promise<Value>;
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(
    feed: Feed,
    load: () => Promise<Value>,
    { now = () => false, soon = () => false }: Concerns = { soon: () => true },
  ) {
    this.#load = load;
    this.#stop = feed.onEvents((events) => {
      if (events.some(now)) void this.refresh();
      else if (events.some(soon)) this.#timer ??= setTimeout(() => void this.refresh(), PAUSE_MS);
    });
    void this.refresh();
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const asked = ++this.#asked;
    try {
      const value = await this.#load();
      // An answer that was asked for earlier must not overwrite a later one.
      if (asked !== this.#asked) return;
      this.value = value;
      this.problem = undefined;
    } catch (error) {
      if (asked === this.#asked) this.problem = sentence(error);
    }
  }

  close(): void {
    this.#asked += 1;
    clearTimeout(this.#timer);
    this.#stop();
  }
}

/** People, tags, tokens and settings come, go and change by somebody's hand: then the log says so. */
export const isSettingsChange = ({ type }: PipelineEvent): boolean => type === "organization.changed";

export const changesTagCounts = ({ type, after }: PipelineEvent): boolean =>
  type === "contact.tags_changed" || (after.tagIds?.length ?? 0) > 0;
