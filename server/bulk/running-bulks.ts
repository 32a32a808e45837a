import { randomUUID } from "node:crypto";

/** The bulk actions that this process works on: they end between two commits when it stops. */
export class RunningBulks {
  /** Names this process in leases. */
  readonly owner = randomUUID();
  readonly #running = new Set<Promise<unknown>>();
  #stopping = false;

  get stopping(): boolean {
    return this.#stopping;
  }

  track<T>(run: Promise<T>): Promise<T> {
    const settled = run.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return run;
  }

  /** Waits until each has come to the end of its part and was left to other processes. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }
}
