import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import type { ImportField, ImportMapping } from "@dmtracker/shared/contracts/import-fields.ts";
import type { Import, ImportCheck } from "@dmtracker/shared/contracts/imports.ts";

export type ImportSource = {
  load(id: string): Promise<Import>;
  upload(file: File): Promise<Import>;
  check(
    id: string,
    plan: { mapping: ImportMapping; pipeline_id: string },
    signal: AbortSignal,
  ): Promise<ImportCheck>;
  start(id: string, plan: { mapping: ImportMapping; pipeline_id: string }): Promise<Import>;
  undo(file: Import): Promise<unknown>;
};

type Channel = {
  listen(listener: { bulk: (message: { bulk: BulkAction }) => void; connected: () => void }): () => void;
};

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** One CSV file on its way to contacts: chosen, understood, checked, imported. The server does all of it. */
export class ContactImport {
  file = $state.raw<Import>();
  mapping = $state.raw<ImportMapping>({});
  /** What an import would do with this mapping; undefined until that is known. */
  check = $state.raw<ImportCheck>();
  checking = $state(false);
  busy = $state(false);
  undone = $state(false);
  problem = $state<string>();
  pipelineId = $state("");
  readonly run = $derived(this.file?.run ?? undefined);
  readonly mayStart = $derived(
    this.check !== undefined && !this.checking && !this.busy && this.check.created + this.check.updated > 0,
  );
  readonly #source: ImportSource;
  readonly #stop: () => void;
  #asked: AbortController | undefined;

  constructor(source: ImportSource, channel: Channel, pipelineId: string) {
    this.#source = source;
    this.pipelineId = pipelineId;
    this.#stop = channel.listen({
      bulk: ({ bulk }) => void this.#progress(bulk),
      // What happened while nobody listened.
      connected: () => void (this.file?.run && this.open(this.file.id)),
    });
  }

  close(): void {
    this.#asked?.abort();
    this.#stop();
  }

  /** A file that was uploaded before: also after the page was closed. */
  async open(id: string): Promise<void> {
    await this.#try(async () => this.#take(await this.#source.load(id)));
  }

  async upload(file: File): Promise<void> {
    await this.#try(async () => this.#take(await this.#source.upload(file)));
  }

  /** Takes a field from a column, or from none: each field comes from one column. */
  choose(column: number, field: ImportField | undefined): void {
    const others = Object.entries(this.mapping).filter(([name, at]) => at !== column && name !== field);
    this.mapping = { ...Object.fromEntries(others), ...(field && { [field]: column }) };
    void this.#look();
  }

  choosePipeline(pipelineId: string): void {
    this.pipelineId = pipelineId;
    void this.#look();
  }

  async start(): Promise<void> {
    const { file } = this;
    if (!file || !this.mayStart) return;
    await this.#try(async () => {
      this.file = await this.#source.start(file.id, this.#plan());
    });
  }

  async undo(): Promise<void> {
    const { file } = this;
    if (!file) return;
    await this.#try(async () => {
      await this.#source.undo(file);
      this.undone = true;
    });
  }

  /** Back to the beginning, for another file. */
  clear(): void {
    this.#asked?.abort();
    this.file = this.check = this.problem = undefined;
    this.undone = this.checking = false;
    this.mapping = {};
  }

  #plan() {
    return { mapping: this.mapping, pipeline_id: this.pipelineId };
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.problem = undefined;
    try {
      await act();
    } catch (error) {
      this.problem = textOf(error);
    } finally {
      this.busy = false;
    }
  }

  #take(file: Import): void {
    this.file = file;
    if (file.run) return;
    this.mapping = file.mapping;
    if (file.pipeline_id) this.pipelineId = file.pipeline_id;
    void this.#look();
  }

  /** Only the newest question counts: an answer that comes late is nobody's. */
  async #look(): Promise<void> {
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    const { file } = this;
    this.check = undefined;
    this.problem = undefined;
    this.checking = file !== undefined && this.mapping.username !== undefined;
    if (!file || !this.checking) return;
    try {
      const check = await this.#source.check(file.id, this.#plan(), asked.signal);
      if (this.#asked === asked) this.check = check;
    } catch (error) {
      if (this.#asked === asked) this.problem = textOf(error);
    } finally {
      if (this.#asked === asked) this.checking = false;
    }
  }

  async #progress({ id, state, done }: BulkAction): Promise<void> {
    const { file } = this;
    if (file?.id !== id || !file.run) return;
    if (state !== "running") return this.open(id);
    this.file = { ...file, run: { ...file.run, state, done: Math.max(done, file.run.done) } };
  }
}
