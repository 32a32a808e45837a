import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { ApiError } from "#lib/api/client.ts";
import type { BoardSource } from "./board-source.ts";
import type { BoardSurface } from "./board-surface.svelte.ts";
import type { BoardSync } from "./board-sync.ts";
import type { BoardTruth } from "./board-truth.svelte.ts";
import { MissingContacts } from "./missing-contacts.ts";

export type HeldContactsParts = {
  pipelineId: string;
  source: Pick<BoardSource, "loadContactsById">;
  truth: BoardTruth;
  surface: Pick<BoardSurface, "settle">;
  sync: Pick<BoardSync, "notice">;
};

type Held = Readonly<{ contacts: readonly Contact[]; seq: number }>;

/** Contacts that are needed wherever they stand, also below what the columns have loaded: from here on kept up to date. */
export class HeldContacts {
  readonly #parts: HeldContactsParts;
  readonly #missing: MissingContacts;
  /** Contacts that someone holds open. */
  readonly #opened = new Set<string>();

  constructor(parts: HeldContactsParts) {
    this.#parts = parts;
    this.#missing = new MissingContacts({
      load: (ids) => parts.source.loadContactsById(parts.pipelineId, ids),
      admit: (answer, asked) => this.#admit(answer, asked),
    });
  }

  get opened(): ReadonlySet<string> {
    return this.#opened;
  }

  /** Makes sure that a contact is held, wherever it stands. */
  async open(contactId: string): Promise<void> {
    const { pipelineId, source, truth } = this.#parts;
    this.#opened.add(contactId);
    if (truth.contacts.has(contactId)) return;
    const answer = await source.loadContactsById(pipelineId, [contactId]);
    if (answer.contacts.length === 0) throw new ApiError("not_found", "No such contact");
    if (!this.#admit(answer, [contactId])) this.#missing.want(contactId);
  }

  /** Contacts that another view lists, read as of `seq`. False when they are too old. */
  hold(contacts: readonly Contact[], seq: number): boolean {
    const ids = contacts.map(({ id }) => id);
    return this.#admit({ contacts, seq }, ids);
  }

  /** Contacts that may be needed: fetched if nobody holds them yet, they settle when they are there. */
  want(contactIds: readonly string[]): void {
    for (const id of contactIds) if (!this.#parts.truth.contacts.has(id)) this.#missing.want(id);
  }

  /** The truth started over from a snapshot: what is open, and these, must be there again. */
  startOver(contactIds: readonly string[]): void {
    this.#missing.clear();
    this.want([...this.#opened, ...contactIds]);
  }

  stop(): void {
    this.#missing.clear();
  }

  #admit({ contacts, seq }: Held, asked: readonly string[]): boolean {
    const { truth, sync, surface } = this.#parts;
    if (!truth.admit(contacts, seq)) return false;
    sync.notice(seq);
    surface.settle(asked);
    return true;
  }
}
