import type { RulePreview } from "@dmtracker/shared/contracts/rule-preview.ts";
import { sentence } from "./act.svelte.ts";

const PAUSE_MS = 250;

/** What would happen: asked of the server while it is being chosen, the last question counts. */
export class Preview<Wanted, Answer = RulePreview> {
  answer = $state.raw<Answer>();
  problem = $state<string>();
  busy = $state(false);
  readonly #load: (wanted: Wanted, signal: AbortSignal) => Promise<Answer>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | undefined;

  constructor(load: (wanted: Wanted, signal: AbortSignal) => Promise<Answer>) {
    this.#load = load;
  }

  /** undefined: there is nothing to ask for yet. */
  ask(wanted: Wanted | undefined): void {
    this.stop();
    this.answer = undefined;
    this.problem = undefined;
    this.busy = wanted !== undefined;
    if (wanted !== undefined) this.#timer = setTimeout(() => void this.#read(wanted), PAUSE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
  }

  async #read(wanted: Wanted): Promise<void> {
    const running = (this.#running = new AbortController());
    try {
      const answer = await this.#load(wanted, running.signal);
      if (running === this.#running && !running.signal.aborted) this.answer = answer;
    } catch (error) {
      if (!running.signal.aborted) this.problem = sentence(error);
    } finally {
      if (!running.signal.aborted) this.busy = false;
    }
  }
}
