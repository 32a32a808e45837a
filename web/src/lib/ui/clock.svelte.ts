import { createSubscriber } from "svelte/reactivity";

/** The time of day as something to derive from. It ticks only while somebody looks. */
export class Clock {
  readonly #subscribe: () => void;

  constructor(everyMs = 15_000) {
    this.#subscribe = createSubscriber((update) => {
      const timer = setInterval(update, everyMs);
      return () => clearInterval(timer);
    });
  }

  get now(): number {
    this.#subscribe();
    return Date.now();
  }
}
