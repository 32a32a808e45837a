import { decode } from "./bson-codec.ts";
import type { Collection, Index } from "./catalog.ts";
import type { View } from "./engine.ts";
import { CommandError } from "./errors.ts";
import { renewPatternTime } from "./regex.ts";
import { type OverlayEntry, type Transaction, differencesOf } from "./transaction.ts";

/** `isPoint`: the range is one whole key, `low`. */
export type Range = { low: Buffer; high: Buffer; isPoint?: boolean };

/** One document found by a scan. */
export type Entry = { rid: number; bytes: Uint8Array };

type Keyed = Entry & { key: Uint8Array };

/** A generator that yields `undefined` now and then, so that a long run can let others work. */
export type Paced<T> = Generator<T | undefined, void>;

const SLICE_MS = 3;
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

/** Delivers what is there, in the order of the index or of insertion. `expected`: how many documents may be enough. */
export function* scan(view: View, target: ScanTarget, expected = Infinity): Paced<Entry> {
  const { collection, index, ranges, backward } = target;
  if (!index) {
    yield* scanRange(view, naturalOrder(view, collection, backward), expected);
    return;
  }
  const seen = index.multikey ? new Set<number>() : undefined;
  for (const range of backward && ranges.length > 1 ? [...ranges].reverse() : ranges) {
    if (range.isPoint && index.unique && (!view.transaction || index.isIdIndex)) {
      yield* lookUp(view, collection, index, range.low);
      continue;
    }
    for (const entry of scanRange(view, indexOrder(view, { collection, index, range, backward }), expected)) {
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
  { engine, transaction }: View,
  collection: Collection,
  index: Index,
  key: Buffer,
): Paced<Entry> {
  if (!transaction) {
    const row = engine.store.readByKey(collection, index, key);
    if (row) yield { rid: row[0], bytes: row[1] };
    return;
  }
  const rids = engine.store.ridsOfKey(index, key);
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
  for (const [rid, bytes] of differencesOf(collection, transaction)) {
    if (bytes && index.keysOf(decode(bytes))[0]?.equals(key)) yield { rid, bytes };
  }
}

/** A part of a collection or index in one direction, that can be read on from any position. */
type Source = {
  collection: Collection;
  backward: boolean;
  read: (after: Keyed | undefined, limit: number) => Keyed[];
  /** Where a document stands in this order, if it does. */
  keysOf: (bytes: Uint8Array, own: OverlayEntry | undefined) => Uint8Array[];
  index?: Index;
};

const NO_KEY = new Uint8Array(0);

function naturalOrder({ engine }: View, collection: Collection, backward: boolean): Source {
  const start = backward ? Number.MAX_SAFE_INTEGER : -1;
  return {
    collection,
    backward,
    read: (after, limit) =>
      engine.store
        .readDocuments(collection, after?.rid ?? start, backward, limit)
        .map(([rid, bytes]) => ({ key: NO_KEY, rid, bytes })),
    keysOf: () => [NO_KEY],
  };
}

function indexOrder(
  { engine }: View,
  part: { collection: Collection; index: Index; range: Range; backward: boolean },
): Source {
  const { collection, index, range, backward } = part;
  const start = { key: backward ? range.high : range.low, rid: -1 };
  return {
    collection,
    index,
    backward,
    read: (after, limit) =>
      engine.store
        .readEntries(collection, index, range, backward, after ?? start, limit)
        .map(([key, rid, bytes]) => ({ key, rid, bytes })),
    keysOf: (bytes, own) => {
      const keys = own?.keys.get(index.id) ?? index.keysOf(decode(bytes));
      own?.keys.set(index.id, keys);
      return keys.filter((key) => key.compare(range.low) >= 0 && key.compare(range.high) < 0);
    },
  };
}

/** A collection or index may be dropped while a scan of it paused. */
function requirePresent({ collection, index }: Source): void {
  if (collection.dropped) throw new CommandError(175, "collection dropped");
  if (index?.dropped) throw new CommandError(175, "index dropped");
}

/**
 * Reads in chunks. Whoever takes the rows may pause at any of them: when others have written meanwhile, the rest
 * of the chunk is old and is read again.
 */
function* scanRange({ transaction }: View, source: Source, expected: number): Paced<Entry> {
  const { collection } = source;
  let limit = Math.max(1, Math.min(collection.chunk, expected));
  let last: Keyed | undefined;
  let differences: Differences | undefined;
  for (;;) {
    requirePresent(source);
    const rows = source.read(last, limit);
    const { changes } = collection;
    let used = 0;
    for (const row of rows) {
      if (transaction) {
        if (!differences?.isCurrent()) differences = new Differences(source, transaction, last);
        yield* differences.before(row);
      }
      if (!differences?.has(row.rid)) yield row;
      last = row;
      used++;
      if (isSliceOver()) yield undefined;
      if (collection.changes !== changes) break;
    }
    if (used < rows.length) limit = Math.min(collection.chunk, Math.max(16, used));
    else if (rows.length < limit) break;
    else limit = Math.min(chunkOf(collection, rows), expected);
  }
  if (!transaction) return;
  if (!differences?.isCurrent()) differences = new Differences(source, transaction, last);
  yield* differences.rest();
}

/** How many rows make about a megabyte. */
function chunkOf(collection: Collection, rows: Keyed[]): number {
  const bytes = rows.reduce((sum, row) => sum + row.bytes.length, 0);
  return (collection.chunk = Math.max(1, Math.min(1000, Math.floor((CHUNK_BYTES * rows.length) / bytes))));
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
    this.#rids = differencesOf(source.collection, transaction);
    const own = transaction.overlay.get(source.collection);
    for (const [rid, bytes] of this.#rids) {
      if (!bytes) continue;
      for (const key of source.keysOf(bytes, own?.get(rid))) {
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
