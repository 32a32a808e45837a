import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import type { OrganizationImport } from "@dmtracker/shared/contracts/organization-file.ts";

export type ImporterSource = {
  load(id: string): Promise<OrganizationImport>;
  upload(file: File): Promise<OrganizationImport>;
  start(id: string): Promise<OrganizationImport>;
};

type Channel = {
  listen(listener: { bulk: (message: { bulk: BulkAction }) => void; connected: () => void }): () => void;
};

/** An exported organization on its way into this one: chosen, checked, imported. The server does all of it. */
export class OrganizationImporter {
  file = $state.raw<OrganizationImport>();
  busy = $state(false);
  problem = $state<string>();
  readonly mayStart = $derived(
    this.file !== undefined &&
      this.file.run === null &&
      this.file.problem_count === 0 &&
      this.file.obstacles.length === 0,
  );
  readonly #source: ImporterSource;
  readonly #stop: () => void;

  constructor(source: ImporterSource, channel: Channel) {
    this.#source = source;
    this.#stop = channel.listen({
      bulk: ({ bulk }) => void this.#progress(bulk),
      // What happened while nobody listened.
      connected: () => void (this.file?.run && this.#load(this.file.id)),
    });
  }

  close(): void {
    this.#stop();
  }

  upload(file: File): Promise<void> {
    return this.#try(() => this.#source.upload(file));
  }

  start(): Promise<void> {
    const { file } = this;
    if (!file || !this.mayStart) return Promise.resolve();
    return this.#try(() => this.#source.start(file.id));
  }

  clear(): void {
    this.file = this.problem = undefined;
  }

  #load(id: string): Promise<void> {
    return this.#try(() => this.#source.load(id));
  }

  async #try(act: () => Promise<OrganizationImport>): Promise<void> {
    this.busy = true;
    this.problem = undefined;
    try {
      this.file = await act();
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      this.busy = false;
    }
  }

  async #progress({ id, state, done }: BulkAction): Promise<void> {
    const { file } = this;
    if (file?.id !== id || !file.run) return;
    if (state !== "running") return this.#load(id);
    this.file = { ...file, run: { ...file.run, state, done: Math.max(done, file.run.done) } };
  }
}
