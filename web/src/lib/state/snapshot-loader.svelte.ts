import type { BoardSnapshot, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { MAX_PAGE_SIZE } from "@dmtracker/shared/contracts/limits.ts";
import { ApiError, isLasting } from "#lib/api/client.ts";
import type { BoardIntake } from "./board-intake.ts";
import type { BoardSource } from "./board-source.ts";
import type { BoardTruth } from "./board-truth.svelte.ts";

const RETRY_MS = 3_000;

export type SnapshotLoaderParts = {
  pipelineId: string;
  source: Pick<BoardSource, "loadBoard" | "loadColumnPage">;
  truth: Pick<BoardTruth, "column" | "columns">;
  intake: Pick<BoardIntake, "install">;
};

/** Fetches what a board starts from: when it is opened, when another filter is asked for, when its stream has a hole. */
export class SnapshotLoader {
  /** Why the board could not be opened. */
  problem = $state<string>();
  /** The filter that was asked for; it holds as soon as its snapshot is there. */
  wanted = $state.raw<ContactFilter>({});
  readonly #parts: SnapshotLoaderParts;
  #epoch = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: SnapshotLoaderParts) {
    this.#parts = parts;
  }

  /** Answers that were asked for in an earlier epoch are dropped. */
  get epoch(): number {
    return this.#epoch;
  }

  start(first: BoardSnapshot | undefined): void {
    if (first) this.#install(first, this.wanted, []);
    else void this.#open();
  }

  /** Shows only what matches, as soon as the server has said what that is. */
  show(filter: ContactFilter): void {
    if (JSON.stringify(filter) === JSON.stringify(this.wanted)) return;
    this.wanted = filter;
    for (const column of this.#parts.truth.columns) column.wanted = 0;
    this.retry();
  }

  /** Tries again at once what failed when the board was opened. */
  retry(): void {
    clearTimeout(this.#retry);
    this.problem = undefined;
    void this.#open();
  }

  /** Takes a snapshot, and as much below it as the view had loaded before. */
  async load(): Promise<void> {
    const epoch = ++this.#epoch;
    const filter = this.wanted;
    const snapshot = await this.#parts.source.loadBoard(this.#parts.pipelineId, filter);
    const deeper = await Promise.all(snapshot.columns.map((page) => this.#loadDeeper(page)));
    if (epoch === this.#epoch) this.#install(snapshot, filter, deeper.flat());
  }

  stop(): void {
    this.#epoch += 1;
    clearTimeout(this.#retry);
  }

  async #open(): Promise<void> {
    const loading = this.load();
    const epoch = this.#epoch;
    try {
      await loading;
    } catch (error) {
      // Another view is asked for by now, or none any more.
      if (epoch !== this.#epoch) return;
      const known = error instanceof ApiError;
      this.problem = known ? error.message : "The board could not be opened";
      if (!isLasting(error)) this.#retry = setTimeout(() => void this.#open(), RETRY_MS);
    }
  }

  #install(snapshot: BoardSnapshot, filter: ContactFilter, deeper: readonly ColumnPageAt[]): void {
    this.problem = undefined;
    this.#parts.intake.install(snapshot, filter, deeper);
  }

  async #loadDeeper(first: BoardSnapshot["columns"][number]): Promise<ColumnPageAt[]> {
    const { pipelineId, source, truth } = this.#parts;
    const pages: ColumnPageAt[] = [];
    const wanted = truth.column(first.stageId)?.wanted ?? 0;
    let last = first;
    for (let count = first.contacts.length; last.more && count < wanted; count += last.contacts.length) {
      const place = { pipelineId, stageId: first.stageId, after: last.contacts.at(-1) };
      const page = await source.loadColumnPage({ ...place, limit: MAX_PAGE_SIZE, filter: this.wanted });
      pages.push(page);
      last = page;
    }
    return pages;
  }
}
