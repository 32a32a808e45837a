import type { Contact, FollowUp } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { FollowUpGroup, FollowUpsPage, FollowUpTotals } from "@dmtracker/shared/contracts/follow-ups.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { compileFilter, factsOf } from "@dmtracker/shared/pipeline/filter.ts";
import { comesOrGoes, filteredFields, touches } from "./list-relevance.ts";
import { compareDue, groupOf } from "@dmtracker/shared/pipeline/follow-ups.ts";
import { isParked } from "@dmtracker/shared/pipeline/parking.ts";
import { dayOf } from "@dmtracker/shared/pipeline/zoned-days.ts";
import { SvelteSet } from "svelte/reactivity";
import type { FollowUpsAsked } from "#lib/api/follow-ups.ts";
import type { Board } from "./board.svelte.ts";

const PAGE_SIZE = 100;
/** How long totals of what is not loaded may be behind: one question per burst of events. */
const RECOUNT_MS = 1_000;
const MINUTE_MS = 60_000;
export const GROUPS: readonly FollowUpGroup[] = ["overdue", "today", "upcoming"];

export type DueContact = Contact & { followUp: FollowUp };

export type FollowUpsBoard = Pick<
  Board,
  "pipelineId" | "contact" | "hold" | "want" | "onSettled" | "onEvents" | "onReload" | "settings" | "pipeline"
>;

type Part = {
  /** Where the next page starts; null when everything is loaded. */
  next: string | null;
  /** The last place that is loaded. */
  boundary: { dueAt: string; id: string } | undefined;
  loading: boolean;
};

const EMPTY: Part = { next: null, boundary: undefined, loading: false };

const placeOf = ({ id, followUp }: DueContact) => ({ id, dueAt: followUp.dueAt });

/** What is due, for one person or for everyone: pages of the server, kept true by the board that is open anyway. */
export class FollowUps {
  readonly #board: FollowUpsBoard;
  readonly #load: (asked: FollowUpsAsked) => Promise<FollowUpsPage>;
  readonly #clock: { now: number };
  readonly #stops: (() => void)[];
  /** Contacts that have or had a follow-up while the page was open. */
  readonly #known = new SvelteSet<string>();
  #parts = $state.raw<Record<FollowUpGroup, Part>>({ overdue: EMPTY, today: EMPTY, upcoming: EMPTY });
  #totals = $state.raw<FollowUpTotals>({ overdue: 0, today: 0, upcoming: 0 });
  #recount: ReturnType<typeof setTimeout> | undefined;
  readonly #minute: ReturnType<typeof setInterval>;
  /** The day by which the pages were asked for. */
  #day = "";
  #epoch = 0;

  /** Contacts that are left alone for now, among those that the filter lets through. */
  parked = $state(0);
  filter = $state.raw<ContactFilter>({});
  /** What an event must change to bring somebody in or take them out. */
  readonly #fields = $derived(filteredFields(this.filter));
  starting = $state(true);
  problem = $state<string>();

  readonly timeZone: string = $derived.by(() => this.#board.settings.timeZone);
  readonly today: string = $derived.by(() => dayOf(this.#clock.now, this.timeZone));
  /** What is on the screen, in the order of work. */
  readonly groups: Readonly<Record<FollowUpGroup, readonly DueContact[]>> = $derived.by(() => this.#group());

  constructor(
    board: FollowUpsBoard,
    load: (asked: FollowUpsAsked) => Promise<FollowUpsPage>,
    clock: { now: number },
    filter: ContactFilter = {},
  ) {
    this.#board = board;
    this.#load = load;
    this.#clock = clock;
    this.filter = filter;
    this.#minute = setInterval(() => this.#letTimePass(), MINUTE_MS);
    this.#stops = [
      board.onSettled((ids) => this.#settled(ids)),
      board.onEvents((events) => this.#look(events)),
      board.onReload(() => void this.reload()),
    ];
    // A board that is still opening says so when it is there.
    if (board.pipeline) void this.reload();
  }

  close(): void {
    this.#epoch += 1;
    clearTimeout(this.#recount);
    clearInterval(this.#minute);
    for (const stop of this.#stops) stop();
  }

  /** How many there are, loaded or not. */
  total(group: FollowUpGroup): number {
    const shown = this.groups[group].length;
    return this.hasMore(group) ? Math.max(shown, this.#totals[group]) : shown;
  }

  hasMore(group: FollowUpGroup): boolean {
    return this.#parts[group].next !== null;
  }

  isLoading(group: FollowUpGroup): boolean {
    return this.#parts[group].loading;
  }

  /** A contact that is on the screen. */
  find(id: string | undefined): DueContact | undefined {
    return GROUPS.flatMap((group) => this.groups[group]).find((contact) => contact.id === id);
  }

  show(filter: ContactFilter): void {
    if (JSON.stringify(filter) === JSON.stringify(this.filter)) return;
    this.filter = filter;
    void this.reload();
  }

  async reload(): Promise<void> {
    const epoch = ++this.#epoch;
    this.problem = undefined;
    this.#day = this.today;
    try {
      const pages = await Promise.all(GROUPS.map((group) => this.#load(this.#ask(group))));
      if (epoch !== this.#epoch) return;
      const parts = { ...this.#parts };
      for (const [index, group] of GROUPS.entries()) {
        const page = pages[index] as FollowUpsPage;
        if (!this.#take(page)) return void this.reload();
        parts[group] = partAfter(page);
        this.#totals = page.totals;
        this.parked = page.parked;
      }
      this.#parts = parts;
      this.starting = false;
    } catch (error) {
      if (epoch === this.#epoch) this.problem = sentence(error);
    }
  }

  async loadMore(group: FollowUpGroup): Promise<void> {
    const part = this.#parts[group];
    if (part.next === null || part.loading) return;
    const epoch = this.#epoch;
    this.#parts = { ...this.#parts, [group]: { ...part, loading: true } };
    try {
      const page = await this.#load({ ...this.#ask(group), cursor: part.next });
      if (epoch !== this.#epoch) return;
      if (!this.#take(page)) return void this.reload();
      this.#parts = { ...this.#parts, [group]: partAfter(page) };
      this.#totals = page.totals;
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.#parts = { ...this.#parts, [group]: part };
      this.problem = sentence(error);
    }
  }

  #ask(group: FollowUpGroup): FollowUpsAsked {
    const { pipelineId } = this.#board;
    return { pipelineId, group, filter: this.filter, limit: PAGE_SIZE };
  }

  #take({ contacts, seq }: FollowUpsPage): boolean {
    if (!this.#board.hold(contacts, seq)) return false;
    for (const { id } of contacts) this.#known.add(id);
    return true;
  }

  #group(): Record<FollowUpGroup, DueContact[]> {
    const groups: Record<FollowUpGroup, DueContact[]> = { overdue: [], today: [], upcoming: [] };
    // By the clock of the page, so that what moves with time moves here.
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a moment, never changed
    const moment = { now: new Date(this.#clock.now), timeZone: this.timeZone };
    const passes = compileFilter(this.filter, moment);
    for (const id of this.#known) {
      const contact = this.#board.contact(id);
      if (!isDue(contact) || isParked(contact, this.#clock.now)) continue;
      if (!passes(factsOf(contact, this.filter.search !== undefined))) continue;
      const group = groupOf(contact.followUp.dueAt, this.#clock.now, this.timeZone);
      const { next, boundary } = this.#parts[group];
      // Beyond what is loaded there may be others before it.
      const isBeyond = next !== null && boundary && compareDue(placeOf(contact), boundary) > 0;
      if (!isBeyond) groups[group].push(contact);
    }
    for (const group of GROUPS) groups[group].sort((a, b) => compareDue(placeOf(a), placeOf(b)));
    return groups;
  }

  #settled(ids: readonly string[]): void {
    for (const id of ids) if (isDue(this.#board.contact(id))) this.#known.add(id);
    if (GROUPS.some((group) => this.hasMore(group))) this.#countAgain();
  }

  /** With a new day those that were not loaded of one group belong to another, which ended before them. */
  #letTimePass(): void {
    const isCut = GROUPS.some((group) => this.hasMore(group));
    if (isCut && this.today !== this.#day) void this.reload();
  }

  /** Contacts that nobody holds here may have become due, been given to somebody, or have woken with what was due. */
  #look(events: readonly PipelineEvent[]): void {
    const brings = ({ after }: PipelineEvent) => after.followUp || after.parked === null;
    const ids = events
      .filter((event) => brings(event) || touches(event, this.#fields))
      .filter(({ type }) => type !== "contact.removed")
      .map(({ contactId }) => contactId)
      .filter((id) => id !== null);
    if (ids.length > 0) this.#board.want(ids);
    const parks = (event: PipelineEvent) =>
      event.after.parked !== undefined || event.type === "contact.assigned" || comesOrGoes(event);
    if (events.some(parks)) this.#countAgain();
  }

  #countAgain(): void {
    this.#recount ??= setTimeout(() => {
      this.#recount = undefined;
      const epoch = this.#epoch;
      this.#load({ ...this.#ask("today"), limit: 1 })
        .then(({ totals, parked }) => {
          if (epoch !== this.#epoch) return;
          this.#totals = totals;
          this.parked = parked;
        })
        .catch(() => undefined);
    }, RECOUNT_MS);
  }
}

function isDue(contact: Contact | undefined): contact is DueContact {
  return contact?.followUp != null;
}

function partAfter({ contacts, next }: FollowUpsPage): Part {
  const last = contacts.findLast(isDue);
  return { next, boundary: last && placeOf(last), loading: false };
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : "Follow-ups could not be loaded";
}
