import type { PipelineEvent } from "../contracts/event.ts";

/** Early arrivals kept while a gap is open; beyond it the gap is fetched anyway and they come again. */
const MAX_HELD = 2_000;

/**
 * Puts the events of one pipeline in order, each exactly once, however they arrive: live, replayed, twice, early.
 * Holds no timer and no socket: the owner asks `gap` and fetches what is missing.
 */
export class EventFeed {
  #seq: number;
  #head: number;
  readonly #held = new Map<number, PipelineEvent>();

  /** @param seq number of the last event that the owner's state already contains */
  constructor(seq: number) {
    this.#seq = seq;
    this.#head = seq;
  }

  /** Last number applied. */
  get seq(): number {
    return this.#seq;
  }

  /** Highest number known to exist. */
  get head(): number {
    return this.#head;
  }

  /** How many committed events are not applied yet. */
  get behind(): number {
    return this.#head - this.#seq;
  }

  /** The number after which events are missing; undefined when nothing is. */
  get gap(): number | undefined {
    return this.#head > this.#seq ? this.#seq : undefined;
  }

  /** The heartbeat's word on what exists. */
  noticeHead(seq: number): void {
    if (seq > this.#head) this.#head = seq;
  }

  /** Takes events in any order and returns those that are due now, in order. */
  receive(events: readonly PipelineEvent[]): PipelineEvent[] {
    for (const event of events) {
      this.noticeHead(event.seq);
      if (event.seq > this.#seq && this.#held.size < MAX_HELD) this.#held.set(event.seq, event);
    }
    const due: PipelineEvent[] = [];
    for (let next = this.#held.get(this.#seq + 1); next; next = this.#held.get(this.#seq + 1)) {
      this.#held.delete(next.seq);
      this.#seq = next.seq;
      due.push(next);
    }
    return due;
  }

  /** Starts over from a snapshot; held events after it stay due. */
  restart(seq: number): PipelineEvent[] {
    this.#seq = seq;
    this.noticeHead(seq);
    for (const held of this.#held.keys()) if (held <= seq) this.#held.delete(held);
    return this.receive([]);
  }
}
