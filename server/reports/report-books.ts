import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { ReportBook } from "./report-book.ts";
import { readReportEvents } from "./report-event.store.ts";
import { findSavedSeq, loadBook, saveBook } from "./saved-book.ts";

/** Rows in all books of a process: about 40 bytes each, contacts about 300. */
const MAX_ROWS = 4_000_000;
const ROWS_OF_A_CONTACT = 8;

/** Reading so many events takes no longer than a moment; from then on a book is worth being written down. */
const SAVE_AFTER_EVENTS = 20_000;
/** Of all events: what a process that starts has to read at most besides the book that is written down. */
const SAVE_AFTER_SHARE = 0.05;

type Opened = { book: ReportBook; pipeline: Pipeline };

/**
 * Books of the pipelines that are looked at. One more reader of the log, like `Rosters`: whoever reads gets a book
 * that holds what any process has committed before the call, and has it alone until done, so that no figure is
 * counted on half of a change.
 */
export class ReportBooks {
  readonly #books: LRUCache<string, ReportBook>;
  readonly #lines = new Map<string, Promise<unknown>>();
  /** Up to which number a pipeline's book is written down, as far as this process knows. */
  readonly #saved = new Map<string, number>();
  readonly #logger: Logger;
  readonly #saveAfterEvents: number;
  readonly #saving = new Set<Promise<void>>();
  #isStopping = false;

  constructor(logger: Logger, { maxRows = MAX_ROWS, saveAfterEvents = SAVE_AFTER_EVENTS } = {}) {
    this.#logger = logger;
    this.#saveAfterEvents = saveAfterEvents;
    this.#books = new LRUCache({
      maxSize: maxRows,
      sizeCalculation: ({ facts, contacts }) => facts.length + contacts.length * ROWS_OF_A_CONTACT + 100,
    });
  }

  /** Undefined when there is no such pipeline. */
  read<T>(pipelineId: string, reader: (opened: Opened) => Promise<T> | T): Promise<T | undefined> {
    const before = this.#lines.get(pipelineId) ?? Promise.resolve();
    const opening = before.then(() => this.#open(pipelineId));
    const own = opening.then((opened) => opened && reader(opened));
    // Whoever comes next waits for the saving too; whoever asked now has the answer before.
    const line = own
      .catch(() => undefined)
      .then(() => opening)
      .then(
        (opened) => opened && this.#save(pipelineId, opened.book),
        () => undefined,
      );
    this.#lines.set(pipelineId, line);
    void line.then(() => {
      if (this.#lines.get(pipelineId) === line) this.#lines.delete(pipelineId);
    });
    return own;
  }

  /** Nothing more is written down: what is not whole does not count. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#saving);
  }

  async #open(pipelineId: string): Promise<Opened | undefined> {
    const pipeline = await findPipeline(pipelineId);
    if (!pipeline) return undefined;
    const known = this.#books.get(pipelineId);
    // A number below ours: the database was put back to an earlier state.
    const book = known && known.seq <= pipeline.seq ? known : await this.#load(pipelineId, pipeline.seq);
    if (book.seq < pipeline.seq) {
      // Taken out first: one that failed half-way must not be met again, and it is weighed when it comes in.
      this.#books.delete(pipelineId);
      for await (const event of readReportEvents(pipelineId, { after: book.seq, head: pipeline.seq }))
        book.take(event);
      book.seq = pipeline.seq;
      this.#books.set(pipelineId, book);
    }
    return { book, pipeline };
  }

  async #load(pipelineId: string, upTo: number): Promise<ReportBook> {
    try {
      const book = await loadBook(pipelineId, upTo);
      if (book) this.#saved.set(pipelineId, book.seq);
      return book ?? new ReportBook();
    } catch (error) {
      this.#logger.warn({ err: error, pipelineId }, "a saved book of reports cannot be read, the log is");
      return new ReportBook();
    }
  }

  #isWorthSaving({ seq }: ReportBook, savedSeq: number): boolean {
    return seq - savedSeq >= Math.max(this.#saveAfterEvents, seq * SAVE_AFTER_SHARE);
  }

  async #save(pipelineId: string, book: ReportBook): Promise<void> {
    if (this.#isStopping || !this.#isWorthSaving(book, this.#saved.get(pipelineId) ?? 0)) return;
    const saving = this.#saveUnlessSaved(pipelineId, book).catch((error: unknown) => {
      this.#logger.warn({ err: error, pipelineId }, "a book of reports could not be saved");
      // Not again with every question.
      this.#saved.set(pipelineId, book.seq);
    });
    this.#saving.add(saving);
    await saving;
    this.#saving.delete(saving);
  }

  async #saveUnlessSaved(pipelineId: string, book: ReportBook): Promise<void> {
    // Another process may have done it.
    const savedSeq = await findSavedSeq(pipelineId, book.seq);
    this.#saved.set(pipelineId, savedSeq);
    if (!this.#isWorthSaving(book, savedSeq)) return;
    await saveBook(pipelineId, book, () => !this.#isStopping);
    this.#saved.set(pipelineId, book.seq);
  }
}
