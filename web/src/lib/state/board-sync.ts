import { TEMPORARY_ERRORS } from "@dmtracker/shared/contracts/error-codes.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { JoinReply, Reply, Viewer } from "@dmtracker/shared/contracts/realtime.ts";
import { EventFeed } from "@dmtracker/shared/pipeline/event-feed.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";
import { AppliedAnswers } from "./applied-answers.ts";
import { GapWatch } from "./gap-watch.ts";
import type { LiveState } from "./live-state.svelte.ts";
import { SignsOfLife } from "./signs-of-life.ts";

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 8_000;

export type SyncTarget = {
  /** Events that are due, in order, each exactly once. */
  apply(events: readonly PipelineEvent[]): void;
  /** Takes a fresh snapshot and calls `restart` with its number. */
  reload(): Promise<void>;
  /** The stream runs: nothing is missing as of now. */
  joined(): void;
  lost(): void;
  presence(viewers: Viewer[]): void;
  revoked(reason: string): void;
};

/** Keeps the stream of one pipeline complete: joins, catches up, notices gaps and silence. */
export class BoardSync {
  readonly #channel: BoardChannel;
  readonly #pipelineId: string;
  readonly #live: LiveState;
  readonly #target: SyncTarget;
  readonly #stopListening: () => void;
  readonly #signs = new SignsOfLife(() => this.#endSilence());
  readonly #gaps = new GapWatch(() => void this.#catchUp());
  readonly #applied = new AppliedAnswers();
  #feed: EventFeed | undefined;
  #joined = false;
  #catchingUp = false;
  #reloadWanted = false;
  #cutPause: (() => void) | undefined;
  #stopped = false;

  constructor(channel: BoardChannel, pipelineId: string, live: LiveState, target: SyncTarget) {
    this.#channel = channel;
    this.#pipelineId = pipelineId;
    this.#live = live;
    this.#target = target;
    this.#stopListening = channel.listen({
      connected: () => void this.#catchUp(),
      disconnected: () => this.#lose(),
      events: (message) => message.pipelineId === pipelineId && this.#receive(message.events),
      head: (message) => message.pipelineId === pipelineId && this.#hearHead(message),
      delivered: ({ pipelineId: asked, seq }, answer) => {
        if (asked === pipelineId) this.#answerDelivered(seq, answer);
      },
      presence: (message) => message.pipelineId === pipelineId && target.presence(message.viewers),
      woke: () => this.recheck(),
      revoked: (reason) => this.#end(reason),
    });
  }

  /** Last number applied; 0 before the first snapshot. */
  get seq(): number {
    return this.#feed?.seq ?? 0;
  }

  /** The state now holds everything up to `seq`. */
  restart(seq: number): void {
    // A number below ours: the database was put back to an earlier state, and so are we.
    if (!this.#feed || seq < this.#feed.seq) this.#feed = new EventFeed(seq);
    else this.#target.apply(this.#feed.restart(seq));
    this.#applied.tell(this.seq);
    if (this.#channel.connected && !this.#joined) void this.#catchUp();
  }

  /** Something answered as of `seq`: if that is news, the events are on their way or lost. */
  notice(seq: number): void {
    this.#feed?.noticeHead(seq);
    this.#watchGap();
  }

  /** The state cannot go on from its events: start over from a snapshot. */
  startOver(): void {
    this.#reloadWanted = true;
    void this.#catchUp();
  }

  /** Is the connection alive and nothing missing? Proven by an answer, or a new connection is made. */
  recheck(): void {
    if (this.#stopped) return;
    if (!this.#channel.connected) return this.#channel.reconnect();
    this.#signs.demand(() => !this.#stopped && this.#channel.reconnect());
    void this.#catchUp();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopListening();
    this.#signs.stop();
    this.#gaps.stop();
    if (this.#channel.connected) void this.#channel.leave(this.#pipelineId).catch(() => undefined);
  }

  #end(reason: string): void {
    this.#joined = false;
    this.stop();
    this.#live.lose();
    this.#target.revoked(reason);
  }

  #lose(): void {
    this.#joined = false;
    this.#watchGap();
    this.#live.lose();
    this.#target.lost();
  }

  #endSilence(): void {
    if (!this.#joined) return;
    this.#lose();
    this.#channel.reconnect();
  }

  #hear(): void {
    this.#signs.note();
    if (!this.#feed || !this.#joined) return;
    if (this.#feed.gap === undefined) this.#live.confirm();
    else this.#live.doubt(this.#feed.behind);
  }

  #hearHead({ seq, apart = false }: { seq: number; apart?: boolean }): void {
    this.#live.apart = apart;
    this.notice(seq);
    this.#hear();
  }

  #receive(events: readonly PipelineEvent[]): void {
    // Before the first snapshot nothing is lost: the join that follows it asks for what came since.
    if (!this.#feed) return;
    const readable = events.filter(isNumbered);
    if (readable.length !== events.length) this.startOver();
    const due = this.#feed.receive(readable);
    if (due.length > 0) this.#target.apply(due);
    this.#applied.tell(this.seq);
    this.#hear();
    this.#watchGap();
  }

  #answerDelivered(seq: number, answer: (applied: boolean) => void): void {
    this.#applied.ask(seq, answer);
    this.#applied.tell(this.seq);
    this.notice(seq);
  }

  #watchGap(): void {
    this.#gaps.watch(this.#joined ? this.#feed?.gap : undefined);
  }

  /** One at a time: whoever asks meanwhile is served by the loop that runs. */
  async #catchUp(): Promise<void> {
    this.#cutPause?.();
    if (this.#catchingUp || !this.#feed) return;
    this.#catchingUp = true;
    let tries = 0;
    while (this.#channel.connected && !this.#stopped) {
      const outcome = await this.#catchUpOnce();
      if (outcome === "done") break;
      if (outcome === "later") await this.#pause(Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** tries++));
    }
    this.#catchingUp = false;
  }

  async #catchUpOnce(): Promise<"done" | "again" | "later"> {
    this.#live.doubt(this.#feed?.behind);
    if (this.#reloadWanted && !(await this.#reload())) return "later";
    const reply = await this.#join();
    if (!reply) return "later";
    if (!reply.ok) {
      if (TEMPORARY_ERRORS.has(reply.code)) return "later";
      this.#end(reply.message);
      return "done";
    }
    this.#feed?.noticeHead(reply.seq);
    if ("snapshot" in reply) this.#reloadWanted = true;
    else this.#receive(reply.events);
    if (this.#reloadWanted) return "again";
    if (this.#feed?.gap !== undefined) return "later";
    this.#joined = true;
    this.#hear();
    this.#target.joined();
    return "done";
  }

  /** Undefined when there was no answer; a connection that is up and does not answer is replaced. */
  async #join(): Promise<Reply<JoinReply> | undefined> {
    try {
      return await this.#channel.join(this.#pipelineId, this.seq);
    } catch {
      if (this.#channel.connected && !this.#stopped) this.#channel.reconnect();
      return undefined;
    }
  }

  async #reload(): Promise<boolean> {
    try {
      await this.#target.reload();
      this.#reloadWanted = false;
      return true;
    } catch {
      return false;
    }
  }

  /** A new connection ends it early. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cutPause = resolve;
      setTimeout(resolve, ms * (0.5 + Math.random() / 2));
    });
  }
}

/** The wire is not under the compiler's eye: without a number an event has no place in the order. */
function isNumbered(event: PipelineEvent | null): boolean {
  return Number.isInteger(event?.seq);
}
