import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { MAX_SEARCH_LENGTH } from "@dmtracker/shared/contracts/limits.ts";
import type { ListSource } from "#lib/state/contact-list.svelte.ts";

const PAUSE_MS = 120;
const MOST = 8;

/** Contacts that a text finds, asked of the server while somebody types; late answers are dropped. */
export class FoundContacts {
  contacts = $state.raw<readonly Contact[]>([]);
  searching = $state(false);
  /** The server gave no answer. */
  failed = $state(false);
  readonly #pipelineId: string;
  readonly #load: ListSource;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(pipelineId: string, load: ListSource) {
    this.#pipelineId = pipelineId;
    this.#load = load;
  }

  /** `@kim` and `kim` are the same wish. */
  find(text: string): void {
    const search = text.trim().replace(/^@+/, "").slice(0, MAX_SEARCH_LENGTH);
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    this.searching = search !== "";
    this.failed = false;
    if (search === "") this.contacts = [];
    else this.#timer = setTimeout(() => void this.#ask(search, asked), PAUSE_MS);
  }

  stop(): void {
    this.find("");
  }

  async #ask(search: string, asked: number): Promise<void> {
    const order = { sort: "last_activity", direction: "desc", cursor: null, limit: MOST } as const;
    const page = await this.#load({ pipelineId: this.#pipelineId, filter: { search }, ...order }).catch(
      () => undefined,
    );
    if (asked !== this.#asked) return;
    this.searching = false;
    this.failed = page === undefined;
    this.contacts = page?.contacts ?? [];
  }
}
