/* eslint-disable svelte/prefer-svelte-reactivity -- timers that no page reads */
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Total } from "@dmtracker/shared/contracts/pipeline.ts";
import { compileFilter, factsOf } from "@dmtracker/shared/pipeline/filter.ts";
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Shift } from "./stage-totals.ts";
import { filteredFields, movesIn, movesWithTime, rulesOut, touches } from "./list-relevance.ts";
import { Recount } from "./list-total.ts";

/** How long a card or row that one's own change took out of the view can still be seen. */
export const LEFT_MS = 4_000;
const MINUTE_MS = 60_000;
/** For so long "now" is the same moment: a burst of events is judged by one test. */
const SAME_MOMENT_MS = 500;

export type FilterTotals = Readonly<Record<string, Total>>;

export type FilterTarget = {
  timeZone(): string;
  /** These contacts may belong to the view no more. */
  review(contactIds?: readonly string[]): void;
  /** A contact as it is shown now. */
  shown(contactId: string): Contact | undefined;
  /** Own changes of it are on their way. */
  isWaiting(contactId: string): boolean;
  /** Contacts that nobody holds here belong to the view: it starts over. */
  reload(): void;
  /** Counts by stage from the server. */
  count(filter: ContactFilter): Promise<FilterTotals | undefined>;
};

/** Which contacts a board shows, and how many there are: the server's word, asked again when it may have changed. */
export class BoardFilter {
  /** By stage; undefined without a filter. */
  totals = $state.raw<FilterTotals>();
  filter = $state.raw<ContactFilter>({});
  /** Cards that one's own change took out of the view. */
  readonly left = new SvelteSet<string>();
  /** Contacts that the person at this screen has changed, as the server counted them last. */
  readonly #counted = new SvelteMap<string, Contact>();
  /** How far one's own changes are ahead of the server's counts. */
  readonly shifts: readonly Shift[] = $derived.by(() =>
    [...this.#counted].map(([id, counted]) => {
      const now = this.#target.shown(id);
      return {
        from: this.#passes(counted) ? counted : undefined,
        to: now && this.#passes(now) ? now : undefined,
      };
    }),
  );
  readonly #target: FilterTarget;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #recount = new Recount(() => this.#ask());
  readonly #minute: ReturnType<typeof setInterval>;
  #fields: ReadonlySet<keyof Contact> = new Set();
  #test: ((contact: Contact) => boolean) | undefined;
  #testedAt = -Infinity;
  #timePassed = false;

  constructor(target: FilterTarget) {
    this.#target = target;
    this.#minute = setInterval(() => this.#letTimePass(), MINUTE_MS);
  }

  get isOn(): boolean {
    return Object.keys(this.filter).length > 0;
  }

  /** A snapshot of this view is being shown from now on. */
  use(filter: ContactFilter, totals: FilterTotals | undefined): void {
    this.#recount.stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.left.clear();
    this.#counted.clear();
    this.filter = filter;
    this.totals = this.isOn ? (totals ?? {}) : undefined;
    this.#fields = filteredFields(filter);
    this.#testedAt = -Infinity;
  }

  /** `lingers`: the person at this screen has just changed a card that can be seen: it goes after a moment. */
  shows(contact: Contact, lingers: boolean): boolean {
    if (!this.isOn) return true;
    if (this.#passes(contact)) {
      if (this.left.has(contact.id)) this.#forget(contact.id);
      return true;
    }
    if (this.left.has(contact.id)) return true;
    if (lingers) this.#linger(contact.id);
    return lingers;
  }

  /** The person at this screen is about to change this contact. */
  expect(contact: Contact): void {
    if (this.isOn && !this.#counted.has(contact.id)) this.#counted.set(contact.id, contact);
  }

  /** Could this event bring a contact into the view that is not known here? */
  mayBringIn(event: PipelineEvent): boolean {
    return this.isOn && touches(event, this.#fields) && !rulesOut(event, this.filter);
  }

  note(events: readonly PipelineEvent[]): void {
    const changes = (event: PipelineEvent) =>
      touches(event, this.#fields) || "value" in event.after || "stageId" in event.after;
    if (this.isOn && events.some((event) => event.contactId !== null && changes(event))) this.#recount.want();
  }

  /** One's own change was answered: what the server counted while it was on its way is neither with nor without it. */
  noteAnswer(): void {
    if (this.#counted.size > 0) this.#recount.want();
  }

  stop(): void {
    this.use({}, undefined);
    clearInterval(this.#minute);
  }

  #passes(contact: Contact): boolean {
    if (Date.now() - this.#testedAt > SAME_MOMENT_MS) {
      const { filter } = this;
      const test = compileFilter(filter, { now: new Date(), timeZone: this.#target.timeZone() });
      this.#test = (one) => test(factsOf(one, filter.search !== undefined));
      this.#testedAt = Date.now();
    }
    return this.#test?.(contact) ?? true;
  }

  #linger(contactId: string): void {
    this.left.add(contactId);
    const go = () => {
      this.#forget(contactId);
      this.#target.review([contactId]);
    };
    this.#timers.set(contactId, setTimeout(go, LEFT_MS));
  }

  #forget(contactId: string): void {
    clearTimeout(this.#timers.get(contactId));
    this.#timers.delete(contactId);
    this.left.delete(contactId);
  }

  async #ask(): Promise<boolean> {
    const { filter } = this;
    // What is on its way now may be missing in the answer.
    const settled = [...this.#counted.keys()].filter((id) => !this.#target.isWaiting(id));
    const mayHaveEntered = this.#timePassed && movesIn(filter);
    this.#timePassed = false;
    const totals = await this.#target.count(filter).catch(() => undefined);
    if (filter === this.filter && totals) {
      // Who falls into the view by the passing of time is in no event.
      if (mayHaveEntered && countOf(totals) > countOf(this.totals)) this.#target.reload();
      this.totals = totals;
      for (const id of settled) if (!this.#target.isWaiting(id)) this.#counted.delete(id);
    }
    return totals !== undefined;
  }

  #letTimePass(): void {
    if (!movesWithTime(this.filter)) return;
    this.#target.review();
    this.#timePassed = true;
    this.#recount.want();
  }
}

const countOf = (totals: FilterTotals = {}): number =>
  Object.values(totals).reduce((sum, { count }) => sum + count, 0);
