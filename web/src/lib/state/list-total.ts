const PAUSE_MS = 150;
const MIN_GAP_MS = 1_000;
const RETRY_MS = 3_000;

/**
 * Asks the server again how many contacts a view has, soon after events that may have changed it and never faster
 * than once a second: only the server sees all of them.
 */
export class Recount {
  readonly #ask: () => Promise<boolean>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #askedAt = -Infinity;
  #asking = false;
  #again = false;
  /** Grows when it is stopped: what is still to be answered then has no consequences. */
  #epoch = 0;

  /** `ask` says whether there was an answer. */
  constructor(ask: () => Promise<boolean>) {
    this.#ask = ask;
  }

  want(): void {
    if (this.#asking) this.#again = true;
    else this.#schedule(Math.max(PAUSE_MS, MIN_GAP_MS - (Date.now() - this.#askedAt)));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asking = this.#again = false;
    this.#epoch += 1;
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => void this.#run(), ms);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#asking = true;
    this.#askedAt = Date.now();
    const epoch = this.#epoch;
    const answered = await this.#ask();
    if (epoch !== this.#epoch) return;
    this.#asking = false;
    const again = this.#again;
    this.#again = false;
    if (again) this.want();
    else if (!answered) this.#schedule(RETRY_MS);
  }
}
