import { HEARTBEAT_MS } from "@dmtracker/shared/contracts/limits.ts";

/** A server that is quiet for longer is not there, whatever the socket believes. */
const SILENCE_MS = HEARTBEAT_MS * 2.5;
/** After a sleep or a change of network the old connection is probably dead: it gets this long to prove otherwise. */
const PROOF_MS = 2_500;

/** When the server was heard last, and whether that is too long ago. */
export class SignsOfLife {
  readonly #watch: ReturnType<typeof setInterval>;
  #heardAt = Date.now();
  #heard = 0;

  constructor(silent: () => void) {
    this.#watch = setInterval(() => {
      if (Date.now() - this.#heardAt < SILENCE_MS) return;
      this.#heardAt = Date.now();
      silent();
    }, 1_000);
  }

  note(): void {
    this.#heardAt = Date.now();
    this.#heard += 1;
  }

  /** Calls `missing` when nothing is heard soon. */
  demand(missing: () => void): void {
    const heard = this.#heard;
    setTimeout(() => this.#heard === heard && missing(), PROOF_MS);
  }

  stop(): void {
    clearInterval(this.#watch);
  }
}
