import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import { compileFilter, factsOf } from "@dmtracker/shared/pipeline/filter.ts";
import { isOfferedForAbandoned } from "@dmtracker/shared/pipeline/follow-ups.ts";
import { SvelteSet } from "svelte/reactivity";
import type { EndedAsked } from "#lib/api/follow-ups.ts";
import type { FollowUpsBoard } from "./follow-ups.svelte.ts";

/** As many as one decides about at a time; the others come up as these leave. */
const MOST = 50;

/** Contacts whose cadence is over without an answer: a person decides what becomes of them [FU4]. */
export class EndedFollowUps {
  readonly #board: FollowUpsBoard;
  readonly #load: (asked: EndedAsked) => Promise<FollowUpsPage>;
  readonly #clock: { now: number };
  readonly #stops: (() => void)[];
  readonly #known = new SvelteSet<string>();
  /** On the server and not loaded here. */
  #further = $state(0);
  #filter = $state.raw<ContactFilter>({});
  #epoch = 0;

  readonly contacts: readonly Contact[] = $derived.by(() => this.#offered());
  readonly total: number = $derived.by(() => this.contacts.length + this.#further);

  constructor(
    board: FollowUpsBoard,
    load: (asked: EndedAsked) => Promise<FollowUpsPage>,
    clock: { now: number },
    filter: ContactFilter,
  ) {
    this.#board = board;
    this.#load = load;
    this.#clock = clock;
    this.#filter = filter;
    this.#stops = [
      board.onSettled((ids) => this.#settled(ids)),
      board.onEvents((events) => this.#look(events)),
      board.onReload(() => void this.reload()),
    ];
    if (board.pipeline) void this.reload();
  }

  close(): void {
    this.#epoch += 1;
    for (const stop of this.#stops) stop();
  }

  show(filter: ContactFilter): void {
    if (JSON.stringify(filter) === JSON.stringify(this.#filter)) return;
    this.#filter = filter;
    void this.reload();
  }

  /** A failure is told by the list above, which asks the same server at the same time. */
  async reload(): Promise<void> {
    const epoch = ++this.#epoch;
    const { pipelineId } = this.#board;
    const asked = { pipelineId, group: "ended" as const, filter: this.#filter, limit: MOST };
    const page = await this.#load(asked).catch(() => undefined);
    if (!page || epoch !== this.#epoch) return;
    if (!this.#board.hold(page.contacts, page.seq)) return void this.reload();
    for (const { id } of page.contacts) this.#known.add(id);
    this.#further = Math.max(0, (page.ended ?? 0) - page.contacts.length);
  }

  #offered(): Contact[] {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a moment, never changed
    const moment = { now: new Date(this.#clock.now), timeZone: this.#board.settings.timeZone };
    const passes = compileFilter(this.#filter, moment);
    return [...this.#known]
      .map((id) => this.#board.contact(id))
      .filter((contact) => contact !== undefined)
      .filter((contact) => isOfferedForAbandoned(contact, this.#board.settings))
      .filter((contact) => passes(factsOf(contact, this.#filter.search !== undefined)))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #settled(ids: readonly string[]): void {
    for (const id of ids) {
      const contact = this.#board.contact(id);
      if (contact && isOfferedForAbandoned(contact, this.#board.settings)) this.#known.add(id);
    }
    // The last one of these is decided about: the next ones.
    if (this.#further > 0 && this.contacts.length === 0) void this.reload();
  }

  /** The message that ends a cadence leaves nothing due. */
  #look(events: readonly PipelineEvent[]): void {
    const ids = events.flatMap(({ contactId, after }) =>
      contactId !== null && after.followUp === null ? [contactId] : [],
    );
    if (ids.length > 0) this.#board.want(ids);
  }
}
