import type { CountedTag } from "@dmtracker/shared/contracts/organization-rest.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { sentence } from "./act.svelte.ts";

/** Under a stream of events the counts are asked for this often at most. */
const PAUSE_MS = 800;

type TagFeed = { onEvents: (listener: (events: readonly PipelineEvent[]) => void) => () => void };

const concerns = ({ type, after }: PipelineEvent): boolean =>
  type === "organization.changed" || type === "contact.tags_changed" || (after.tagIds?.length ?? 0) > 0;

/** The tags with their counts: read from the server, and again when an event may have changed them. */
export class TagSettings {
  tags = $state.raw<readonly CountedTag[]>();
  problem = $state<string>();
  readonly #load: () => Promise<CountedTag[]>;
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(feed: TagFeed, load: () => Promise<CountedTag[]>) {
    this.#load = load;
    this.#stop = feed.onEvents((events) => {
      if (!events.some(concerns)) return;
      // What somebody has named shows at once; counts may wait for the next of many changes.
      if (events.some(({ type }) => type === "organization.changed")) void this.refresh();
      else this.#timer ??= setTimeout(() => void this.refresh(), PAUSE_MS);
    });
    void this.refresh();
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const asked = ++this.#asked;
    try {
      const tags = await this.#load();
      // An answer that was asked for earlier must not overwrite a later one.
      if (asked !== this.#asked) return;
      this.tags = tags;
      this.problem = undefined;
    } catch (error) {
      if (asked === this.#asked) this.problem = sentence(error);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop();
  }
}
