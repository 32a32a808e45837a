import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { LRUCache } from "lru-cache";
import type { StoredContact } from "#server/contacts/contact.store.ts";

const PIPELINES = 5_000;
/** About 2 KB each. */
const CONTACTS = 20_000;

/** A pipeline as of this process's last look at it, and the contacts that were read or written since. */
export type Known = {
  pipeline: Pipeline;
  findContact(contactId: string): StoredContact | undefined;
};

/** Ties contacts to the look they belong to: when that is forgotten, so are they. */
type Look = { pipeline: Pipeline };

/**
 * What this process remembers of pipelines from commit to commit. Whatever changes a contact raises its pipeline's
 * `seq`, and every commit proves that `seq` is still the remembered one: so a commit that succeeds was decided on
 * the truth, however old the memory. Whatever is answered without a commit must compare `seq` first.
 */
export class KnownState {
  readonly #looks = new LRUCache<string, Look>({ max: PIPELINES });
  readonly #contacts = new LRUCache<string, { look: Look; stored: StoredContact }>({ max: CONTACTS });

  find(pipelineId: string): Known | undefined {
    const look = this.#looks.get(pipelineId);
    if (!look) return undefined;
    return {
      pipeline: look.pipeline,
      findContact: (contactId) => {
        const known = this.#contacts.get(contactId);
        return known?.look === look ? known.stored : undefined;
      },
    };
  }

  /** Takes over where a commit has led to. Contacts that it did not touch stay known. */
  keep(pipeline: Pipeline, contacts: Iterable<StoredContact>): void {
    const look = this.#looks.get(pipeline.id) ?? { pipeline };
    look.pipeline = pipeline;
    this.#looks.set(pipeline.id, look);
    for (const stored of contacts) this.#contacts.set(stored.contact.id, { look, stored });
  }

  /** Somebody else has committed: all that is remembered may be old. */
  forget(pipelineId: string): void {
    this.#looks.delete(pipelineId);
  }
}
