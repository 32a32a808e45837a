import type { ContactsAt } from "@dmtracker/shared/contracts/board.ts";
import { MAX_PAGE_SIZE } from "@dmtracker/shared/contracts/limits.ts";

const RETRY_MS = 2_000;

export type MissingEvents = {
  load(ids: readonly string[]): Promise<ContactsAt>;
  /** False when the answer is too old to be brought up to now: it is asked for again. */
  admit(answer: ContactsAt, asked: readonly string[]): boolean;
};

/** Fetches contacts that events have moved into view, one request per burst. */
export class MissingContacts {
  readonly #events: MissingEvents;
  #wanted = new Set<string>();
  #underway = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #epoch = 0;

  constructor(events: MissingEvents) {
    this.#events = events;
  }

  want(id: string): void {
    if (this.#underway.has(id)) return;
    this.#wanted.add(id);
    this.#schedule(0);
  }

  /** Answers on their way belong to an earlier snapshot: they are dropped. */
  clear(): void {
    this.#epoch += 1;
    this.#wanted.clear();
    this.#underway.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#fetch();
    }, ms);
  }

  async #fetch(): Promise<void> {
    const epoch = this.#epoch;
    const ids = [...this.#wanted].slice(0, MAX_PAGE_SIZE);
    for (const id of ids) {
      this.#wanted.delete(id);
      this.#underway.add(id);
    }
    if (this.#wanted.size > 0) this.#schedule(0);
    const done = await this.#events.load(ids).then(
      (answer) => epoch !== this.#epoch || this.#events.admit(answer, ids),
      () => false,
    );
    if (epoch !== this.#epoch) return;
    for (const id of ids) {
      this.#underway.delete(id);
      if (!done) this.#wanted.add(id);
    }
    if (!done) this.#schedule(RETRY_MS);
  }
}
