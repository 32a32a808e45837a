import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import type { FollowUpsAsked } from "#lib/api/follow-ups.ts";
import type { Board } from "./board.svelte.ts";
import { comesOrGoes } from "./list-relevance.ts";
import { Recount } from "./list-total.ts";

/** What is due becomes late, and days begin, without any event. */
const MINUTE_MS = 60_000;

export type DueFeed = Pick<Board, "pipelineId" | "onEvents" | "onReload" | "onRevoked">;

/** How much is due for one person, wherever they are: the server's count, asked again when it may have changed. */
export class DueCount {
  overdue = $state(0);
  today = $state(0);
  readonly #feed: DueFeed;
  readonly #load: (asked: FollowUpsAsked) => Promise<FollowUpsPage>;
  readonly #assigneeId: string;
  readonly #recount = new Recount(() => this.#ask());
  readonly #stops: (() => void)[];

  constructor(feed: DueFeed, load: (asked: FollowUpsAsked) => Promise<FollowUpsPage>, assigneeId: string) {
    this.#feed = feed;
    this.#load = load;
    this.#assigneeId = assigneeId;
    const minute = setInterval(() => this.#recount.want(), MINUTE_MS);
    this.#stops = [
      feed.onEvents((events) => this.#hear(events)),
      feed.onReload(() => this.#recount.want()),
      // Who is out would be refused for ever.
      feed.onRevoked(() => this.close()),
      () => clearInterval(minute),
    ];
    this.#recount.want();
  }

  close(): void {
    this.#recount.stop();
    for (const stop of this.#stops) stop();
  }

  #hear(events: readonly PipelineEvent[]): void {
    const matters = ({ before, after }: PipelineEvent) =>
      [before, after].some((state) => "followUp" in state || "assigneeId" in state || "parked" in state);
    if (events.some((event) => comesOrGoes(event) || matters(event))) this.#recount.want();
  }

  async #ask(): Promise<boolean> {
    const { pipelineId } = this.#feed;
    const filter = { assigneeId: [this.#assigneeId] };
    const page = await this.#load({ pipelineId, group: "today", filter, limit: 1 }).catch(() => undefined);
    if (page) {
      this.overdue = page.totals.overdue;
      this.today = page.totals.today;
    }
    return page !== undefined;
  }
}
