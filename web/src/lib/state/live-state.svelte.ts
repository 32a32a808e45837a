/** Doubts that pass within this time are not worth a word on the screen. */
const GRACE_MS = 300;

/** What the screen says about its own truth. */
export class LiveState {
  status = $state<"live" | "catching up" | "offline">("catching up");
  /** Committed events that are not on the screen yet. */
  behind = $state(0);
  /** Own changes that are not confirmed yet. */
  waiting = $state(0);
  /** The server's processes cannot hear each other: what others do may come a moment late. */
  apart = $state(false);
  #confirmedAt = $state(Date.now());
  #now = $state(Date.now());
  #grace: ReturnType<typeof setTimeout> | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;

  /** Since we last knew for certain that nothing was missing. */
  secondsBehind = $derived(
    this.status === "live" ? 0 : Math.max(0, Math.round((this.#now - this.#confirmedAt) / 1_000)),
  );

  /** The server's head is on the screen. */
  confirm(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
    this.#confirmedAt = Date.now();
    this.behind = 0;
    this.status = "live";
  }

  /** Something is missing or may be; said aloud only when it lasts. */
  doubt(behind = this.behind): void {
    this.behind = behind;
    if (this.status === "live") this.#grace ??= setTimeout(() => this.#become("catching up"), GRACE_MS);
    else if (this.status === "offline") this.#become("catching up");
  }

  lose(): void {
    this.apart = false;
    this.#become("offline");
  }

  stop(): void {
    clearTimeout(this.#grace);
    clearInterval(this.#ticking);
  }

  #become(status: "catching up" | "offline"): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    this.status = status;
    this.#now = Date.now();
    this.#ticking ??= setInterval(() => (this.#now = Date.now()), 1_000);
  }
}
