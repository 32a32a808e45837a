/* eslint-disable svelte/prefer-svelte-reactivity -- working sets that no page reads: reactivity would cost every event */
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ContactFilter, ContactSort, SortDirection } from "@dmtracker/shared/contracts/filter.ts";
import type { Total } from "@dmtracker/shared/contracts/pipeline.ts";
import { compareContacts } from "@dmtracker/shared/pipeline/contact-order.ts";
import { compileFilter, factsOf } from "@dmtracker/shared/pipeline/filter.ts";
import { ApiError } from "#lib/api/client.ts";
import type { ContactListQuery } from "#lib/api/contacts.ts";
import { filteredFields, movesIn, movesWithTime, rulesOut, sortedField, touches } from "./list-relevance.ts";
import type { ListRow } from "./list-rows.ts";
import { Recount } from "./list-total.ts";
import { ListWindow } from "./list-window.ts";

export const LIST_PAGE_SIZE = 100;
const RELOAD_PAGE_SIZE = 200;
const RETRY_MS = 3_000;
const MINUTE_MS = 60_000;

export type ListView = { filter: ContactFilter; sort: ContactSort; direction: SortDirection };

/** What a list needs of the board: its contacts as they are shown, and the news about them. */
export type ListFeed = {
  readonly pipelineId: string;
  /** Days are the organization's. */
  readonly settings: { readonly timeZone: string };
  contact(contactId: string): Contact | undefined;
  waiting(contactId: string): number;
  /** Keeps listed contacts up to date from now on; false when they are too old for that. */
  hold(contacts: readonly Contact[], seq: number): boolean;
  /** Contacts that nobody holds yet: they settle when they are there. */
  want(contactIds: readonly string[]): void;
  onSettled: (listener: (contactIds: readonly string[]) => void) => () => void;
  onEvents: (listener: (events: readonly PipelineEvent[]) => void) => () => void;
  onReload: (listener: () => void) => () => void;
};

export type ListSource = (query: ContactListQuery) => Promise<ContactListPage>;

/**
 * The contacts of a pipeline that pass a filter, in an order, as far as they are loaded: pages from the server, kept
 * true by what the board learns. Total and value are the server's, asked again when an event may have changed them.
 */
export class ContactList {
  rows = $state.raw<readonly ListRow[]>([]);
  /** Everything is loaded. */
  complete = $state(false);
  /** Rows of this view are not there yet: what is shown, if anything, is the view before. */
  starting = $state(true);
  loadingMore = $state(false);
  /** The next page did not arrive. */
  failed = $state(false);
  /** Why the view could not be loaded. */
  problem = $state<string>();
  total = $state.raw<Total>();
  readonly #feed: ListFeed;
  readonly #load: ListSource;
  readonly #stop: (() => void)[];
  readonly #recount = new Recount(() => this.#askTotal());
  #view: ListView | undefined;
  #fields: ReadonlySet<keyof Contact> = new Set();
  readonly #window = new ListWindow(compareContacts("last_message", "desc"), () => this.#publish());
  #next: string | null = null;
  /** The row that the view has come to. */
  #wanted = 0;
  /** Answers that were asked for under an earlier view are dropped. */
  #epoch = 0;
  #reading = false;
  /** Contacts that changed while a page was on its way: they may stand in the part that it adds. */
  readonly #meanwhile = new Set<string>();
  #totalSeq = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #minute: ReturnType<typeof setInterval>;
  #timePassed = false;
  #countAfter = false;

  constructor(feed: ListFeed, load: ListSource) {
    this.#feed = feed;
    this.#load = load;
    this.#stop = [
      feed.onSettled((ids) => this.#settle(ids)),
      feed.onEvents((events) => this.#hear(events)),
      feed.onReload(() => void this.reload()),
    ];
    this.#minute = setInterval(() => this.#letTimePass(), MINUTE_MS);
  }

  /** Which contacts it shows. */
  get filter(): ContactFilter {
    return this.#view?.filter ?? {};
  }

  /** Shows a view; false when it is the one that is shown already. */
  show(view: ListView): boolean {
    if (this.#view && JSON.stringify(view) === JSON.stringify(this.#view)) return false;
    this.#view = view;
    // What happens from now on may be missing in the pages of this view, not of the one before.
    this.#fields = filteredFields(view.filter);
    this.#wanted = 0;
    this.starting = true;
    void this.reload();
    return true;
  }

  /** Reads again what the view has come to, and shows it when all of it is there. */
  async reload(): Promise<void> {
    const view = this.#view;
    if (!view) return;
    const epoch = this.#begin();
    try {
      const pages = await this.#loadPages();
      if (epoch !== this.#epoch) return;
      this.#reading = false;
      this.#install(view, pages);
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.#reading = false;
      this.problem = error instanceof ApiError ? error.message : "The contacts could not be loaded";
      const passing = error instanceof ApiError && ["network", "busy", "stopping"].includes(error.code);
      if (passing) this.#retry = setTimeout(() => void this.reload(), RETRY_MS);
    }
  }

  /** The view has come to this row: what follows is fetched before it gets there. */
  async reach(index: number): Promise<void> {
    this.#wanted = Math.max(this.#wanted, index);
    if (this.loadingMore || this.starting || this.complete) return;
    if (this.#window.size >= this.#wanted + LIST_PAGE_SIZE / 2) return;
    const epoch = this.#epoch;
    this.loadingMore = this.#reading = true;
    this.failed = false;
    this.#meanwhile.clear();
    const page = await this.#loadPage(this.#next).catch(() => undefined);
    if (epoch !== this.#epoch) return;
    this.loadingMore = this.#reading = false;
    if (!page) this.failed = true;
    else if (this.#extend(page)) void this.reach(this.#wanted);
    if (this.#countAfter) this.#countAgain();
  }

  close(): void {
    this.#epoch += 1;
    for (const stop of this.#stop) stop();
    this.#recount.stop();
    clearInterval(this.#minute);
    clearTimeout(this.#retry);
    this.#window.close();
  }

  #begin(): number {
    clearTimeout(this.#retry);
    this.#recount.stop();
    this.#meanwhile.clear();
    this.#reading = true;
    this.loadingMore = false;
    this.failed = false;
    this.problem = undefined;
    return ++this.#epoch;
  }

  async #loadPages(): Promise<ContactListPage[]> {
    const pages: ContactListPage[] = [];
    let count = 0;
    do {
      const limit = this.#wanted > LIST_PAGE_SIZE ? RELOAD_PAGE_SIZE : LIST_PAGE_SIZE;
      const page = await this.#loadPage(pages.at(-1)?.next ?? null, limit);
      pages.push(page);
      count += page.contacts.length;
    } while (pages.at(-1)?.next && count < this.#wanted);
    return pages;
  }

  #loadPage(cursor: string | null, limit = LIST_PAGE_SIZE): Promise<ContactListPage> {
    const { pipelineId } = this.#feed;
    return this.#load({ ...(this.#view as ListView), pipelineId, cursor, limit });
  }

  #install(view: ListView, pages: readonly ContactListPage[]): void {
    this.#window.restart(compareContacts(view.sort, view.direction));
    this.#totalSeq = 0;
    const meanwhile = [...this.#meanwhile];
    this.starting = false;
    for (const page of pages) if (!this.#extend(page)) return;
    this.#settle(meanwhile);
    if (this.#countAfter) this.#countAgain();
  }

  /** False when the page is too old to be brought up to now: everything is read again. */
  #extend(page: ContactListPage): boolean {
    const meanwhile = [...this.#meanwhile];
    this.#next = page.next;
    this.complete = page.next === null;
    this.#window.extend(page.contacts, this.complete);
    if (!this.#feed.hold(page.contacts, page.seq)) {
      void this.reload();
      return false;
    }
    this.#takeTotal(page);
    this.#settle([...page.contacts.map(({ id }) => id), ...meanwhile]);
    return true;
  }

  #takeTotal({ total, total_value: value, seq }: ContactListPage): void {
    if (seq < this.#totalSeq) return;
    this.#totalSeq = seq;
    this.total = { count: total, value };
  }

  async #askTotal(): Promise<boolean> {
    const epoch = this.#epoch;
    const mayHaveEntered = this.#timePassed && movesIn(this.filter);
    const before = this.total?.count ?? 0;
    this.#timePassed = false;
    const page = await this.#loadPage(null, 1).catch(() => undefined);
    if (epoch !== this.#epoch) return true;
    if (page) this.#takeTotal(page);
    const isMissing = page && (this.complete ? page.total > this.#window.staying : page.total > before);
    // Who falls into the view by the passing of time is in no event.
    if (mayHaveEntered && isMissing) void this.reload();
    return page !== undefined;
  }

  #hear(events: readonly PipelineEvent[]): void {
    const view = this.#view;
    if (!view) return;
    const placing = new Set([...this.#fields, sortedField(view.sort)]);
    const unknown: string[] = [];
    let recount = false;
    for (const event of events) {
      const { contactId } = event;
      if (contactId === null) continue;
      recount ||= touches(event, this.#fields) || "value" in event.after;
      const known = this.#feed.contact(contactId) !== undefined;
      if (!known && touches(event, placing) && !rulesOut(event, view.filter)) unknown.push(contactId);
    }
    if (unknown.length > 0) this.#feed.want(unknown);
    if (recount) this.#countAgain();
  }

  /** Pages on their way bring totals from before: these are asked for after them. */
  #countAgain(): void {
    this.#countAfter = this.#reading;
    if (!this.#reading) this.#recount.want();
  }

  #letTimePass(): void {
    if (this.starting || !this.#view || !movesWithTime(this.#view.filter)) return;
    this.#settle(this.#window.ids);
    this.#timePassed = true;
    this.#countAgain();
  }

  #settle(ids: readonly string[]): void {
    if (this.#reading) for (const id of ids) this.#meanwhile.add(id);
    const passes = this.#test();
    if (this.starting || !passes) return;
    for (const id of ids) {
      const contact = this.#feed.contact(id);
      const mine = this.#feed.waiting(id) > 0;
      if (contact) this.#window.place(contact, { belongs: passes(contact), mine });
    }
    this.#publish();
  }

  #publish(): void {
    const rows = this.#window.publish();
    if (rows) this.rows = rows;
  }

  /** The filter as of now, for one batch of contacts. */
  #test(): ((contact: Contact) => boolean) | undefined {
    const filter = this.#view?.filter;
    if (!filter) return undefined;
    const test = compileFilter(filter, { now: new Date(), timeZone: this.#feed.settings.timeZone });
    return (contact) => test(factsOf(contact, filter.search !== undefined));
  }
}
