import { Raw } from "./bson-codec.ts";
import type { Context, Reply } from "./context.ts";
import { CommandError, transactionAborted } from "./errors.ts";
import { type Paced, isSliceOver, startSlice } from "./scan.ts";

/** Delivers documents, and `undefined` where others may have their turn. */
type Source = Iterator<Uint8Array | undefined, unknown>;

/** A query that has not delivered everything yet. */
type Cursor = {
  id: bigint;
  namespace: string;
  source: Source;
  /** One document that was read to know whether there are more. */
  ahead?: Uint8Array;
  usedAt: number;
  running: boolean;
};

const FIRST_BATCH = 101;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const CURSOR_TIMEOUT_MS = 10 * 60_000;

export class Cursors {
  readonly #cursors = new Map<bigint, Cursor>();

  async open(
    context: Context,
    namespace: string,
    source: Source,
    batchSize: number | undefined,
    single = false,
  ): Promise<Reply> {
    const cursor: Cursor = { id: 0n, namespace, source, usedAt: Date.now(), running: false };
    const { batch, exhausted } = await fillBatch(context, cursor, batchSize ?? FIRST_BATCH);
    if (!exhausted && !single) {
      cursor.id = this.#freeId();
      this.#cursors.set(cursor.id, cursor);
    }
    return { cursor: { firstBatch: batch, id: cursor.id, ns: namespace } };
  }

  async more(context: Context, id: bigint, namespace: string, batchSize: number | undefined): Promise<Reply> {
    const cursor = this.#cursors.get(id);
    if (!cursor || cursor.namespace !== namespace) throw new CommandError(43, `cursor id ${id} not found`);
    if (cursor.running) throw new CommandError(12051, `cursor id ${id} is already in use`);
    try {
      cursor.running = true;
      const { batch, exhausted } = await fillBatch(context, cursor, batchSize ?? Infinity);
      if (exhausted) this.#cursors.delete(id);
      return { cursor: { nextBatch: batch, id: exhausted ? 0n : id, ns: namespace } };
    } catch (error) {
      this.#cursors.delete(id);
      throw error;
    } finally {
      cursor.running = false;
      cursor.usedAt = Date.now();
    }
  }

  kill(id: bigint): boolean {
    return this.#cursors.delete(id);
  }

  sweep(now = Date.now()): void {
    for (const [id, cursor] of this.#cursors) {
      if (!cursor.running && now - cursor.usedAt > CURSOR_TIMEOUT_MS) this.#cursors.delete(id);
    }
  }

  get count(): number {
    return this.#cursors.size;
  }

  #freeId(): bigint {
    for (;;) {
      const id = BigInt(Math.floor(Math.random() * 2 ** 52)) + 1n;
      if (!this.#cursors.has(id)) return id;
    }
  }
}

async function fillBatch(
  context: Context,
  cursor: Cursor,
  batchSize: number,
): Promise<{ batch: Raw[]; exhausted: boolean }> {
  const batch: Raw[] = [];
  let bytes = 0;
  if (batchSize === 0) return { batch, exhausted: false };
  for (;;) {
    let item = cursor.ahead;
    if (item) cursor.ahead = undefined;
    else {
      const next = cursor.source.next();
      if (next.done) return { batch, exhausted: true };
      if (!next.value) {
        await letOthersRun(context);
        continue;
      }
      item = next.value;
    }
    if (batch.length > 0 && (batch.length >= batchSize || bytes + item.length > MAX_BATCH_BYTES)) {
      cursor.ahead = item;
      return { batch, exhausted: false };
    }
    batch.push(new Raw(item));
    bytes += item.length;
    if (isSliceOver()) await letOthersRun(context);
  }
}

/** Ends a slice of a long run: others get their turn, and a time limit is noticed. */
export async function letOthersRun(context: Context): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (context.deadline !== undefined && performance.now() > context.deadline) {
    throw new CommandError(50, "operation exceeded time limit");
  }
  if (context.transaction && context.transaction.state !== "open") throw transactionAborted();
  startSlice();
}

/** Runs a paced generator to its end. */
export async function collectAll<T>(context: Context, source: Paced<T>): Promise<T[]> {
  const items: T[] = [];
  for (const item of source) {
    if (item === undefined) await letOthersRun(context);
    else items.push(item);
  }
  return items;
}
