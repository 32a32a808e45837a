/** Events overtake each other by milliseconds; a gap older than this is a loss. */
const PATIENCE_MS = 300;

/** Waits for a gap in the log to close by itself. */
export class GapWatch {
  readonly #lost: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watched: number | undefined;

  /** `lost`: what is missing will not come any more. */
  constructor(lost: () => void) {
    this.#lost = lost;
  }

  /** After which number events are missing now; undefined when none are. */
  watch(gap: number | undefined): void {
    if (gap === this.#watched) return;
    this.#watched = gap;
    clearTimeout(this.#timer);
    if (gap !== undefined) this.#timer = setTimeout(() => this.#giveUp(), PATIENCE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #giveUp(): void {
    this.#watched = undefined;
    this.#lost();
  }
}
