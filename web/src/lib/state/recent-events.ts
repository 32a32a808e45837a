import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";

const CAPACITY = 2_000;

/** The events applied last, so that an answer read a little earlier can be brought up to now. */
export class RecentEvents {
  #events: PipelineEvent[] = [];
  /** Number of the event before the first one kept. */
  #floor: number;

  constructor(seq: number) {
    this.#floor = seq;
  }

  add(event: PipelineEvent): void {
    this.#events.push(event);
    // Cut in halves: shifting one by one would cost the whole array every time.
    if (this.#events.length >= CAPACITY * 2) {
      this.#events = this.#events.slice(-CAPACITY);
      this.#floor = (this.#events[0] as PipelineEvent).seq - 1;
    }
  }

  /** What was applied after `seq`; undefined when some of it is forgotten. */
  after(seq: number): PipelineEvent[] | undefined {
    if (seq < this.#floor) return undefined;
    return this.#events.slice(seq - this.#floor);
  }

  restart(seq: number): void {
    this.#events = [];
    this.#floor = seq;
  }
}
