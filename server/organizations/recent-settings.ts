import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import { LRUCache } from "lru-cache";
import { findSettings } from "./organization-settings.store.ts";

const ORGANIZATIONS = 5_000;
/** Also what nobody has told of (a database that was restored) is known after this. */
const FRESH_MS = 1_000;

/**
 * Settings for the many changes that need them one after the other. A change of settings is told by an event in every
 * pipeline of the organization before it is answered, and a commit proves that it knows the newest event of its
 * pipeline: so whoever forgets the settings when a pipeline has moved on decides by those that were answered [SP3].
 */
export class RecentSettings {
  readonly #settings = new LRUCache<string, Promise<OrganizationSettings>>({
    max: ORGANIZATIONS,
    ttl: FRESH_MS,
  });

  find(organizationId: string): Promise<OrganizationSettings> {
    const recent = this.#settings.get(organizationId);
    if (recent) return recent;
    const reading = findSettings(organizationId);
    this.#settings.set(organizationId, reading);
    reading.catch(() => this.#settings.delete(organizationId));
    return reading;
  }

  /** For whoever has changed them: what is decided next in this process goes by the new ones. */
  forget(organizationId: string): void {
    this.#settings.delete(organizationId);
  }
}
