import type { ContactsAt } from "@dmtracker/shared/contracts/board.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ReportContacts } from "@dmtracker/shared/contracts/reports.ts";

const PAGE_SIZE = 100;

type Source = {
  list: () => Promise<ReportContacts>;
  load: (ids: readonly string[]) => Promise<ContactsAt>;
};

/** The contacts behind a number of a report, read in pages. */
export class ReportContactList {
  contacts = $state.raw<readonly Contact[]>([]);
  total = $state<number>();
  /** How many can be shown: of very many only the newest are listed. */
  listed = $state(0);
  loading = $state(false);
  problem = $state<string>();
  readonly #source: Source;
  #ids: readonly string[] | undefined;
  #read = $state(0);
  /** What was asked before a list was asked for anew is dropped. */
  #epoch = 0;

  constructor(source: Source) {
    this.#source = source;
    void this.more();
  }

  get hasMore(): boolean {
    return this.total !== undefined && this.#read < this.listed;
  }

  /** As many as were shown, from a new list: what was shown stays until it is there. */
  async reload(): Promise<void> {
    const epoch = ++this.#epoch;
    this.problem = undefined;
    try {
      const { contactIds, total } = await this.#source.list();
      const count = Math.max(PAGE_SIZE, Math.min(this.#read, contactIds.length));
      const pages: string[][] = [];
      for (let at = 0; at < Math.min(count, contactIds.length); at += PAGE_SIZE)
        pages.push(contactIds.slice(at, Math.min(at + PAGE_SIZE, count)));
      const found = await Promise.all(pages.map((ids) => this.#source.load(ids)));
      if (epoch !== this.#epoch) return;
      const byId = Object.fromEntries(found.flatMap(({ contacts }) => contacts).map((one) => [one.id, one]));
      this.#ids = contactIds;
      this.#read = pages.flat().length;
      this.listed = contactIds.length;
      this.total = total;
      this.contacts = pages.flat().flatMap((id) => byId[id] ?? []);
    } catch (error) {
      if (epoch === this.#epoch)
        this.problem = error instanceof Error ? error.message : "The contacts could not be loaded";
    }
  }

  async more(): Promise<void> {
    if (this.loading) return;
    const epoch = this.#epoch;
    this.loading = true;
    this.problem = undefined;
    try {
      if (!this.#ids) {
        const { contactIds, total } = await this.#source.list();
        if (epoch !== this.#epoch) return;
        this.#ids = contactIds;
        this.listed = contactIds.length;
        this.total = total;
      }
      const wanted = this.#ids.slice(this.#read, this.#read + PAGE_SIZE);
      if (wanted.length > 0) {
        const { contacts } = await this.#source.load(wanted);
        if (epoch !== this.#epoch) return;
        const found = Object.fromEntries(contacts.map((contact) => [contact.id, contact]));
        this.contacts = [...this.contacts, ...wanted.flatMap((id) => found[id] ?? [])];
        this.#read += wanted.length;
      }
    } catch (error) {
      this.problem = error instanceof Error ? error.message : "The contacts could not be loaded";
    } finally {
      this.loading = false;
    }
  }
}
