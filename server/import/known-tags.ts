import { MAX_ORGANIZATION_TAGS } from "@dmtracker/shared/contracts/limits.ts";
import mongoose from "mongoose";
import { ensureTags, findTags } from "#server/tags/tag.store.ts";

const keyOf = (name: string): string => name.trim().toLowerCase();

/** Tags by name. Names that are none yet become tags as long as the organization has room for them. */
export class KnownTags {
  readonly #idByKey: Map<string, string>;
  readonly #new = new Map<string, string>();

  private constructor(idByKey: Map<string, string>) {
    this.#idByKey = idByKey;
  }

  static async find(organizationId: string): Promise<KnownTags> {
    const tags = await findTags(organizationId);
    return new KnownTags(new Map(tags.map(({ id, name }) => [keyOf(name), id])));
  }

  get newNames(): string[] {
    return [...this.#new.values()];
  }

  /** @returns false when there is no room for the new ones among these */
  admit(names: readonly string[]): boolean {
    const missing = names.filter((name) => !this.#idByKey.has(keyOf(name)));
    if (this.#idByKey.size + missing.length > MAX_ORGANIZATION_TAGS) return false;
    for (const name of missing) {
      // An id for a check, where nothing is made; `make` looks the real ones up.
      this.#idByKey.set(keyOf(name), new mongoose.Types.ObjectId().toHexString());
      this.#new.set(keyOf(name), name);
    }
    return true;
  }

  idsOf(names: readonly string[]): string[] {
    return names.flatMap((name) => this.#idByKey.get(keyOf(name)) ?? []);
  }

  /** Makes what was admitted. */
  async make(organizationId: string): Promise<void> {
    if (this.#new.size === 0) return;
    await ensureTags(organizationId, this.newNames);
    for (const { id, name } of await findTags(organizationId)) this.#idByKey.set(keyOf(name), id);
    this.#new.clear();
  }
}
