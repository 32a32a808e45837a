import { WINS_SHOWN } from "@dmtracker/shared/contracts/limits.ts";
import type { Win, WinsBoard } from "@dmtracker/shared/contracts/wins.ts";
import { ApiError } from "#lib/api/client.ts";
import type { WinsChannel } from "#lib/realtime/tv-channel.ts";
import { LiveState } from "./live-state.svelte.ts";
import { Signal } from "./signal.ts";

/** Asked again this often: a hint may be lost between processes, and days end without one. */
const ASK_AGAIN_MS = 15_000;
/** How long a reversed win stays, crossed out, where it was. */
const WITHDRAWN_MS = 10_000;
/** More than these at once are what was missed: they are shown and not announced. */
const MOST_ANNOUNCED = 3;

/** Numbers are those of a log: of several logs each win is known by its log and its number. */
export const keyOf = ({ log, seq }: Win): string => `${log}.${seq}`;

/** Newest first: within a log by its order, between logs by the clock. */
function newestFirst(a: WinRow, b: WinRow): number {
  if (a.win.log === b.win.log) return b.win.seq - a.win.seq;
  return Date.parse(b.win.at) - Date.parse(a.win.at) || a.win.log - b.win.log;
}

export type WinRow = { win: Win; withdrawn: boolean; isNew: boolean };

/**
 * A wins screen. The server tells all of it as of a number; live messages are only the hint to ask again, so
 * whatever was cut, heard twice or missed, each win is there once, and what is kept does not grow [WN7].
 */
export class Wins {
  board = $state.raw<WinsBoard>();
  rows = $state.raw<readonly WinRow[]>([]);
  problem = $state<string>();
  /** Why this screen may not see wins any more. */
  revoked = $state<string>();
  readonly live = new LiveState();
  readonly #won = new Signal<Win>();
  /** Tells wins as they happen, each once and in order. */
  readonly onWin = this.#won.listen;
  readonly #load: () => Promise<WinsBoard>;
  readonly #channel: WinsChannel;
  readonly #stopListening: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #removals: { key: string; timer: ReturnType<typeof setTimeout> }[] = [];
  /** By log: number of the newest win that was ever shown. */
  #seen: Record<number, number> = {};
  #asking = false;
  #askAgain = false;
  #closed = false;

  constructor(channel: WinsChannel, load: () => Promise<WinsBoard>) {
    this.#channel = channel;
    this.#load = load;
    this.#stopListening = channel.listen({
      connected: () => void this.ask(),
      disconnected: () => this.live.lose(),
      wins: (hint) => this.#hear(hint),
      woke: () => void this.ask(),
      revoked: (reason) => this.#end(reason),
    });
    this.#timer = setInterval(() => void this.ask(), ASK_AGAIN_MS);
    void this.ask();
  }

  /** Under this name the live indicator looks for what it speaks of. */
  get pipeline(): WinsBoard | undefined {
    return this.board;
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    clearInterval(this.#timer);
    for (const { timer } of this.#removals) clearTimeout(timer);
    this.live.stop();
  }

  /** One question at a time: whoever asks meanwhile is served by one more after it. */
  async ask(): Promise<void> {
    if (this.#closed) return;
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    do {
      this.#askAgain = false;
      await this.#askOnce();
    } while (this.#askAgain && !this.#closed);
    this.#asking = false;
  }

  async #askOnce(): Promise<void> {
    try {
      const board = await this.#load();
      if (this.#closed) return;
      this.problem = undefined;
      this.#take(board);
      if (this.#channel.connected) this.live.confirm();
      else this.live.doubt();
    } catch (error) {
      if (this.#closed) return;
      if (error instanceof ApiError && error.code === "unauthenticated") {
        this.#end(error.message);
        return;
      }
      this.problem = error instanceof Error ? error.message : "Wins could not be loaded";
      this.live.lose();
    }
  }

  #hear({ pipelineId, seq }: { pipelineId: string; seq: number }): void {
    // Of all pipelines `seq` is the sum of their numbers: a hint about one of them says only that there is news.
    const isOfOne = this.board !== undefined && this.board.pipelineId !== null;
    if (isOfOne && (pipelineId !== this.board?.pipelineId || seq <= this.board.seq)) return;
    this.live.doubt(1);
    void this.ask();
  }

  #end(reason: string): void {
    this.revoked = reason;
    this.live.lose();
    this.close();
  }

  #take(board: WinsBoard): void {
    // A number below ours: the database was put back to an earlier state, and so are we.
    const isFirst = this.board === undefined || board.seq < this.board.seq;
    if (isFirst) this.#seen = {};
    const arrived = board.wins.filter(({ log, seq }) => seq > (this.#seen[log] ?? 0)).reverse();
    const announced = !isFirst && arrived.length <= MOST_ANNOUNCED ? arrived : [];
    const withdrawn = this.rows.filter((row) => this.#isWithdrawn(row, board));
    for (const { win } of withdrawn) this.#removeLater(keyOf(win));
    this.rows = [
      ...board.wins.map((win) => ({ win, withdrawn: false, isNew: announced.includes(win) })),
      ...withdrawn.map(({ win }) => ({ win, withdrawn: true, isNew: false })),
    ].sort(newestFirst);
    this.board = board;
    for (const { log, seq } of arrived) this.#seen[log] = Math.max(this.#seen[log] ?? 0, seq);
    for (const win of announced) this.#won.tell(win);
  }

  /** It was on the screen and should be there still: not older than what is told, and not told. */
  #isWithdrawn({ win, withdrawn }: WinRow, board: WinsBoard): boolean {
    if (board.wins.some((other) => keyOf(other) === keyOf(win))) return false;
    if (withdrawn) return true;
    const oldest = board.wins.length < WINS_SHOWN ? undefined : board.wins.at(-1);
    const row = { win, withdrawn, isNew: false };
    const isShown = oldest === undefined || newestFirst(row, { ...row, win: oldest }) < 0;
    return win.at >= board.since && isShown;
  }

  #removeLater(key: string): void {
    if (this.#removals.some((removal) => removal.key === key)) return;
    const timer = setTimeout(() => {
      this.#removals = this.#removals.filter((removal) => removal.key !== key);
      this.rows = this.rows.filter(({ win }) => keyOf(win) !== key);
    }, WITHDRAWN_MS);
    this.#removals.push({ key, timer });
  }
}
