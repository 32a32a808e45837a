import type { BoardThen, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { ColumnThenQuery } from "#lib/api/past.ts";
import { SvelteSet } from "svelte/reactivity";

export type PastSource = {
  board(pipelineId: string, at: string, signal: AbortSignal): Promise<BoardThen>;
  column(query: ColumnThenQuery): Promise<ColumnPageAt>;
};

/** A board as it was, to look at. What is shown stays until what was asked for last is there. */
export class BoardPast {
  board = $state.raw<BoardThen>();
  /** What is shown is not yet the moment that was asked for. */
  busy = $state(false);
  problem = $state<string>();
  /** Stages of which a further page is on its way. */
  readonly loading = new SvelteSet<string>();
  readonly #pipelineId: string;
  readonly #source: PastSource;
  #wanted: string | undefined;
  #running: AbortController | undefined;

  constructor(pipelineId: string, source: PastSource) {
    this.#pipelineId = pipelineId;
    this.#source = source;
  }

  /** Shows another moment. */
  async show(at: string): Promise<void> {
    if (at === this.#wanted && !this.problem) return;
    this.#wanted = at;
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.busy = true;
    this.problem = undefined;
    try {
      const board = await this.#source.board(this.#pipelineId, at, running.signal);
      // An answer to an earlier question is dropped, however late it comes.
      if (!running.signal.aborted) this.board = board;
    } catch (error) {
      if (running.signal.aborted) return;
      this.problem = error instanceof Error ? error.message : "The board could not be loaded";
    } finally {
      if (!running.signal.aborted) this.busy = false;
    }
  }

  retry(): void {
    if (this.#wanted !== undefined) void this.show(this.#wanted);
  }

  /** The next page of a stage. */
  async more(stageId: string): Promise<void> {
    const { board } = this;
    const column = board?.columns.find((one) => one.stageId === stageId);
    const last = column?.contacts.at(-1);
    if (!board || !last || this.loading.has(stageId)) return;
    this.loading.add(stageId);
    const { at } = board;
    const query = { pipelineId: this.#pipelineId, stageId, at, after: { rank: last.rank, id: last.id } };
    const page = await this.#source.column(query).catch(() => undefined);
    this.loading.delete(stageId);
    if (!page || this.board?.at !== at) return;
    const columns = this.board.columns.map((one) =>
      one.stageId === stageId
        ? { ...one, contacts: [...one.contacts, ...page.contacts], more: page.more }
        : one,
    );
    this.board = { ...this.board, columns };
  }

  close(): void {
    this.#running?.abort();
  }
}
