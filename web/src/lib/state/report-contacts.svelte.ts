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
  #read = 0;

  constructor(source: Source) {
    this.#source = source;
    void this.more();
  }

  get hasMore(): boolean {
    return this.total !== undefined && this.#read < this.listed;
  }

  async more(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.problem = undefined;
    try {
      if (!this.#ids) {
        const { contactIds, total } = await this.#source.list();
        this.#ids = contactIds;
        this.listed = contactIds.length;
        this.total = total;
      }
      const wanted = this.#ids.slice(this.#read, this.#read + PAGE_SIZE);
      if (wanted.length > 0) {
        const { contacts } = await this.#source.load(wanted);
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
