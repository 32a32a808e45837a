import { LRUCache } from "lru-cache";
import { findPipelineIdOf } from "./contact.store.ts";

const CONTACTS = 100_000;

/** Which pipeline a contact lives in. It never leaves it, so what was once read stays true. */
export class ContactPlaces {
  readonly #pipelineIds = new LRUCache<string, string>({ max: CONTACTS });

  /** Undefined for contacts that do not exist and for those of other organizations alike. */
  async find(organizationId: string, contactId: string): Promise<string | undefined> {
    const name = `${organizationId}:${contactId}`;
    const known = this.#pipelineIds.get(name);
    if (known !== undefined) return known;
    const pipelineId = await findPipelineIdOf(organizationId, contactId);
    if (pipelineId !== undefined) this.#pipelineIds.set(name, pipelineId);
    return pipelineId;
  }
}
