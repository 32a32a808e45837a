import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import { LRUCache } from "lru-cache";
import { findSettings } from "./organization-settings.store.ts";

const ORGANIZATIONS = 5_000;
/** How long another process may still decide by settings that were changed here. */
const FRESH_MS = 1_000;

/**
 * Settings for the many changes that need them one after the other. They are not guarded like stages and rules: a
 * cadence that is changed in this moment may miss the changes that are just being decided, nothing else depends on it.
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
