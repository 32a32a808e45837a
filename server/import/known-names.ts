import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ImportRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import { findNamed, type Named } from "./import-names.store.ts";

/** Who has which handle and ManyChat id, also as the rows before have left them. */
export class KnownNames {
  readonly #byUsername = new Map<string, Named>();
  readonly #byManychatId = new Map<string, Named>();

  static async find(organizationId: string, rows: readonly ImportRow[]): Promise<KnownNames> {
    const names = new KnownNames();
    const usernames = rows.map(({ username }) => username);
    const manychatIds = rows.flatMap(({ manychatId }) => manychatId ?? []);
    for (const named of await findNamed(organizationId, usernames, manychatIds)) names.note(named);
    return names;
  }

  get all(): Named[] {
    return [...this.#byUsername.values()];
  }

  note({ id, pipelineId, username, manychatId }: Pick<Contact, keyof Named>): void {
    const named = { id, pipelineId, username, manychatId };
    this.#byUsername.set(username, named);
    if (manychatId) this.#byManychatId.set(manychatId, named);
  }

  /** By ManyChat id when it is known, else by handle, as everywhere. */
  whoIs({ username, manychatId }: ImportRow): Named | undefined {
    return (manychatId && this.#byManychatId.get(manychatId)) || this.#byUsername.get(username);
  }

  /** What of the row belongs to somebody else already; only its handle can, the ManyChat id has chosen the contact. */
  takenBy({ username }: ImportRow, self: Named | undefined): Named | undefined {
    const owner = this.#byUsername.get(username);
    return owner && self && owner.id !== self.id ? owner : undefined;
  }
}
