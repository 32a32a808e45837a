import { MAX_PAGE_SIZE } from "@dmtracker/shared/contracts/limits.ts";
import type { BoardColumn } from "./board-column.svelte.ts";
import type { BoardFilter } from "./board-filter.svelte.ts";
import type { BoardSource } from "./board-source.ts";
import type { BoardSurface } from "./board-surface.svelte.ts";
import type { BoardSync } from "./board-sync.ts";
import type { BoardTruth } from "./board-truth.svelte.ts";
import type { HeldContacts } from "./held-contacts.ts";
import type { SnapshotLoader } from "./snapshot-loader.svelte.ts";

/** So many contacts of a column are there below the last that is drawn. */
const READ_AHEAD = 40;

export type ColumnLoaderParts = {
  pipelineId: string;
  source: Pick<BoardSource, "loadColumnPage">;
  truth: BoardTruth;
  filter: Pick<BoardFilter, "filter">;
  surface: Pick<BoardSurface, "settle">;
  held: Pick<HeldContacts, "want">;
  sync: Pick<BoardSync, "notice">;
  snapshots: Pick<SnapshotLoader, "epoch">;
};

/** Loads columns downwards, a page at a time, ahead of the eye. */
export class ColumnLoader {
  readonly #parts: ColumnLoaderParts;

  constructor(parts: ColumnLoaderParts) {
    this.#parts = parts;
  }

  /** The view has come to this index of a column: what follows is fetched before it gets there. */
  async reach(column: BoardColumn, index: number): Promise<void> {
    column.wanted = Math.max(column.wanted, index);
    if (column.loading) return;
    column.loading = true;
    while (!column.complete && column.contacts.length < column.wanted + READ_AHEAD) {
      const far = column.wanted > column.contacts.length;
      column.failed = !(await this.#loadPage(column, far ? MAX_PAGE_SIZE : MAX_PAGE_SIZE / 2));
      if (column.failed || !this.#parts.truth.columns.includes(column)) break;
    }
    column.loading = false;
  }

  /** Asks again for pages that did not arrive. */
  retryFailed(): void {
    for (const column of this.#parts.truth.columns) {
      if (column.failed) void this.reach(column, column.wanted);
    }
  }

  /** False when the page did not arrive; one that is of no use any more is simply asked for again. */
  async #loadPage(column: BoardColumn, limit: number): Promise<boolean> {
    const { pipelineId, source, truth, filter, surface, held, sync, snapshots } = this.#parts;
    const { epoch } = snapshots;
    const { stageId, boundary } = column;
    const query = { pipelineId, stageId, after: boundary, limit, filter: filter.filter };
    const page = await source.loadColumnPage(query).catch(() => undefined);
    if (!page) return false;
    if (epoch !== snapshots.epoch || column.boundary !== boundary) return true;
    const missing = truth.extend(column, page);
    if (!missing) return true;
    held.want(missing);
    sync.notice(page.seq);
    // Also contacts that were known before and stand where the page reaches now.
    const inStage = [...truth.contacts.values()].filter((contact) => contact.stageId === stageId);
    surface.settle(inStage.map(({ id }) => id));
    return true;
  }
}
