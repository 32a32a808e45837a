import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { LRUCache } from "lru-cache";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { ReportBook } from "./report-book.ts";
import { readReportEvents } from "./report-event.store.ts";

/** Rows in all books of a process: about 40 bytes each, contacts about 300. */
const MAX_ROWS = 4_000_000;
const ROWS_OF_A_CONTACT = 8;

type Opened = { book: ReportBook; pipeline: Pipeline };

/**
 * Books of the pipelines that are looked at. One more reader of the log, like `Rosters`: whoever reads gets a book
 * that holds what any process has committed before the call, and has it alone until done, so that no figure is
 * counted on half of a change.
 */
export class ReportBooks {
  readonly #books: LRUCache<string, ReportBook>;
  readonly #lines = new Map<string, Promise<unknown>>();

  constructor(maxRows = MAX_ROWS) {
    this.#books = new LRUCache({
      maxSize: maxRows,
      sizeCalculation: ({ facts, contacts }) => facts.length + contacts.length * ROWS_OF_A_CONTACT + 100,
    });
  }

  /** Undefined when there is no such pipeline. */
  read<T>(pipelineId: string, reader: (opened: Opened) => Promise<T> | T): Promise<T | undefined> {
    const before = this.#lines.get(pipelineId) ?? Promise.resolve();
    const own = before.then(
      () => this.#read(pipelineId, reader),
      () => this.#read(pipelineId, reader),
    );
    this.#lines.set(pipelineId, own);
    const end = (): void => {
      if (this.#lines.get(pipelineId) === own) this.#lines.delete(pipelineId);
    };
    own.then(end, end);
    return own;
  }

  async #read<T>(pipelineId: string, reader: (opened: Opened) => Promise<T> | T): Promise<T | undefined> {
    const pipeline = await findPipeline(pipelineId);
    if (!pipeline) return undefined;
    const known = this.#books.get(pipelineId);
    // A number below ours: the database was put back to an earlier state.
    const book = known && known.seq <= pipeline.seq ? known : new ReportBook();
    if (book.seq < pipeline.seq) {
      // Taken out first: one that failed half-way must not be met again, and it is weighed when it comes in.
      this.#books.delete(pipelineId);
      for await (const event of readReportEvents(pipelineId, { after: book.seq, head: pipeline.seq }))
        book.take(event);
      book.seq = pipeline.seq;
      this.#books.set(pipelineId, book);
    }
    return reader({ book, pipeline });
  }
}
