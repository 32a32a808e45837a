import { createHash } from "node:crypto";

const ID = /^[0-9a-f]{24}$/;
/** What people write is theirs, even when it looks like an id; batches are found within an organization only. */
const WORDS: ReadonlySet<string> = new Set([
  "text",
  "note",
  "name",
  "username",
  "displayName",
  "email",
  "phone",
  "manychatId",
  "igId",
  "lostReason",
  "reason",
  "search",
  "batchId",
]);

/**
 * Ids of a file in the organization that takes it in. They follow from the file's import and the old id alone, so
 * whoever goes on after a crash comes to the same ones; people who are members here keep the id that they have here.
 */
export class NewIds {
  readonly #importId: string;
  readonly #people: ReadonlyMap<string, string>;

  constructor(importId: string, people: ReadonlyMap<string, string>) {
    this.#importId = importId;
    this.#people = people;
  }

  /** Who somebody of the file is here; undefined when they are no member. */
  member(id: string): string | undefined {
    return this.#people.get(id);
  }

  of(id: string): string {
    return (
      this.#people.get(id) ??
      createHash("sha256").update(`${this.#importId} ${id}`).digest("hex").slice(0, 24)
    );
  }

  /** The same value with the ids of here, wherever one stands in it. */
  in<T>(value: T): T {
    return this.#walk(value) as T;
  }

  #walk(value: unknown): unknown {
    if (typeof value === "string") return ID.test(value) ? this.of(value) : value;
    if (Array.isArray(value)) return value.map((one) => this.#walk(one));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        ID.test(key) ? this.of(key) : key,
        WORDS.has(key) ? inner : this.#walk(inner),
      ]),
    );
  }
}
