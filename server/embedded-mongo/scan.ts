import { decode } from "./bson-codec.ts";
import type { Collection, Index } from "./catalog.ts";
import type { Engine } from "./engine.ts";
import { CommandError } from "./errors.ts";
import { renewPatternTime } from "./regex.ts";
import type { OverlayEntry, Transaction } from "./transaction.ts";

/** `isPoint`: the range is one whole key, `low`. */
export type Range = { low: Buffer; high: Buffer; isPoint?: boolean };

/** One document found by a scan. */
export type Entry = { rid: number; bytes: Uint8Array };

type Keyed = Entry & { key: Uint8Array };

/** A generator that yields `undefined` now and then, so that a long run can let others work. */
export type Paced<T> = Generator<T | undefined, void>;

const SLICE_MS = 5;
const CHUNK_BYTES = 1024 * 1024;

export type ScanTarget = { collection: Collection; index?: Index; ranges: Range[]; backward: boolean };

let sliceStart = 0;

/** Whether the work has gone on for so long that others should have a turn. */
export function isSliceOver(): boolean {
  const now = performance.now();
  if (now - sliceStart < SLICE_MS) return false;
  sliceStart = now;
  return true;
}

export function startSlice(): void {
  renewPatternTime();
  sliceStart = performance.now();
}

export function* scan(
  engine: Engine,
  target: ScanTarget,
  transaction: Transaction | undefined,
  expected = Infinity,
): Paced<Entry> {
  const { collection, index, ranges, backward } = target;
  if (!index) {
    yield* scanRange(new CollectionRange(engine, collection, backward), transaction, expected);
    return;
  }
  const seen = index.multikey ? new Set<number>() : undefined;
  for (const range of backward && ranges.length > 1 ? [...ranges].reverse() : ranges) {
    if (range.isPoint && index.unique && (!transaction || index.isIdIndex)) {
      yield* lookUp(engine, collection, index, range.low, transaction);
      continue;
    }
    const source = new IndexRange(engine, collection, index, range, backward);
    for (const entry of scanRange(source, transaction, expected)) {
      if (entry && seen) {
        if (seen.has(entry.rid)) continue;
        seen.add(entry.rid);
      }
      yield entry;
    }
  }
}

/** The document with a unique key. A transaction may ask only for an `_id`, because that never changes. */
function* lookUp(
  engine: Engine,
  collection: Collection,
  index: Index,
  key: Buffer,
  transaction: Transaction | undefined,
): Paced<Entry> {
  if (!transaction) {
    const row = engine.store.readByKey(collection, index, key);
    if (row) yield { rid: row[0], bytes: row[1] };
    return;
  }
  const rids = engine.store.ridsOfKey(collection, index, key);
  const claim = index.claims.get(key.toString("latin1"));
  if (claim?.owner === transaction && !rids.includes(claim.rid)) rids.push(claim.rid);
  for (const rid of rids) {
    const bytes = engine.read(collection, rid, transaction);
    if (bytes) {
      yield { rid, bytes };
      return;
    }
  }
  // Someone may have deleted it since the snapshot.
  for (const [rid, bytes] of engine.differences(collection, transaction)) {
    if (bytes && index.keysOf(decode(bytes))[0]?.equals(key)) yield { rid, bytes };
  }
}

/** A part of a collection or index in one direction, that can be read on from any position. */
interface Source {
  readonly engine: Engine;
  readonly collection: Collection;
  readonly backward: boolean;
  /** Fails when the collection or index has been dropped while the scan paused. */
  requirePresent(): void;
  read(after: Keyed | undefined, limit: number): Keyed[];
  keysOf(rid: number, bytes: Uint8Array, own: OverlayEntry | undefined): Uint8Array[];
}

function killed(what: string): CommandError {
  return new CommandError(175, `${what} dropped`);
}

const NO_KEY = new Uint8Array(0);

class CollectionRange implements Source {
  readonly engine: Engine;
  readonly collection: Collection;
  readonly backward: boolean;

  constructor(engine: Engine, collection: Collection, backward: boolean) {
    this.engine = engine;
    this.collection = collection;
    this.backward = backward;
  }

  requirePresent(): void {
    if (this.collection.dropped) throw killed("collection");
  }

  read(after: Keyed | undefined, limit: number): Keyed[] {
    const from = after?.rid ?? (this.backward ? Number.MAX_SAFE_INTEGER : -1);
    const rows = this.engine.store.readDocuments(this.collection, from, this.backward, limit);
    return rows.map(([rid, bytes]) => ({ key: NO_KEY, rid, bytes }));
  }

  keysOf(): Uint8Array[] {
    return [NO_KEY];
  }
}

class IndexRange implements Source {
  readonly engine: Engine;
  readonly collection: Collection;
  readonly backward: boolean;
  readonly #index: Index;
  readonly #range: Range;

  constructor(engine: Engine, collection: Collection, index: Index, range: Range, backward: boolean) {
    this.engine = engine;
    this.collection = collection;
    this.backward = backward;
    this.#index = index;
    this.#range = range;
  }

  requirePresent(): void {
    if (this.collection.dropped) throw killed("collection");
    if (!this.collection.indexes.includes(this.#index)) throw killed("index");
  }

  read(after: Keyed | undefined, limit: number): Keyed[] {
    const from = after ?? { key: this.backward ? this.#range.high : this.#range.low, rid: -1 };
    const rows = this.engine.store.readEntries(
      this.collection,
      this.#index,
      this.#range,
      this.backward,
      from,
      limit,
    );
    return rows.map(([key, rid, bytes]) => ({ key, rid, bytes }));
  }

  keysOf(_rid: number, bytes: Uint8Array, own: OverlayEntry | undefined): Uint8Array[] {
    let keys = own?.keys.get(this.#index.id);
    if (!keys) {
      keys = this.#index.keysOf(decode(bytes));
      own?.keys.set(this.#index.id, keys);
    }
    return keys.filter((key) => key.compare(this.#range.low) >= 0 && key.compare(this.#range.high) < 0);
  }
}

function* scanRange(source: Source, transaction: Transaction | undefined, expected: number): Paced<Entry> {
  const { collection } = source;
  let last: Keyed | undefined;
  let differences: Differences | undefined;
  for (;;) {
    source.requirePresent();
    const limit = Math.max(1, Math.min(collection.chunk, expected));
    const rows = source.read(last, limit);
    if (transaction) {
      if (!differences?.isCurrent()) differences = new Differences(source, transaction, last);
      for (const row of rows) {
        yield* differences.before(row);
        if (!differences.has(row.rid)) yield row;
        // While paused after a yield, others may have written; what they replaced must not be missed.
        if (!differences.isCurrent()) differences = new Differences(source, transaction, row);
      }
    } else yield* rows;
    if (rows.length < limit) break;
    last = rows.at(-1)!;
    adaptChunk(collection, rows);
    if (isSliceOver()) yield undefined;
  }
  if (differences) yield* differences.rest();
}

function adaptChunk(collection: Collection, rows: Keyed[]): void {
  let bytes = 0;
  for (const row of rows) bytes += row.bytes.length;
  collection.chunk = Math.max(1, Math.min(1000, Math.floor((CHUNK_BYTES * rows.length) / bytes)));
}

/** What a transaction sees differently from the committed state, in the order of the scan. */
class Differences {
  readonly #source: Source;
  readonly #transaction: Transaction;
  readonly #changes: number;
  readonly #writes: number;
  readonly #rids: Map<number, Uint8Array | null>;
  #entries: Keyed[] = [];
  #next = 0;

  constructor(source: Source, transaction: Transaction, after: Keyed | undefined) {
    this.#source = source;
    this.#transaction = transaction;
    this.#changes = source.collection.changes;
    this.#writes = transaction.writes;
    this.#rids = source.engine.differences(source.collection, transaction);
    const own = transaction.overlay.get(source.collection);
    for (const [rid, bytes] of this.#rids) {
      if (!bytes) continue;
      for (const key of source.keysOf(rid, bytes, own?.get(rid))) {
        const entry = { key, rid, bytes };
        if (!after || this.#order(entry, after) > 0) this.#entries.push(entry);
      }
    }
    this.#entries.sort((a, b) => this.#order(a, b));
  }

  #order(a: Keyed, b: Keyed): number {
    const order = Buffer.compare(a.key, b.key) || a.rid - b.rid;
    return this.#source.backward ? -order : order;
  }

  isCurrent(): boolean {
    return this.#changes === this.#source.collection.changes && this.#writes === this.#transaction.writes;
  }

  has(rid: number): boolean {
    return this.#rids.has(rid);
  }

  *before(row: Keyed): Generator<Entry> {
    while (this.#next < this.#entries.length && this.#order(this.#entries[this.#next]!, row) < 0) {
      yield this.#entries[this.#next++]!;
    }
  }

  *rest(): Generator<Entry> {
    while (this.#next < this.#entries.length) yield this.#entries[this.#next++]!;
  }
}
