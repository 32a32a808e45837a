import { decode, encodeStored } from "./bson-codec.ts";
import type { Collection, Index } from "./catalog.ts";
import { duplicateKey } from "./duplicate-key.ts";
import { CommandError, transactionAborted, writeConflict } from "./errors.ts";
import type { StoreOptions } from "./sqlite.ts";
import { Store } from "./store.ts";
import {
  BlockedByTransaction,
  type KeyChange,
  type OverlayEntry,
  Transaction,
  pastVersion,
} from "./transaction.ts";
import type { Doc } from "./values.ts";

/** One document in two forms. */
export type Version = { doc: Doc; bytes: Uint8Array };

/** Where a reader stands: outside of transactions it sees what is committed. */
export type View = { engine: Engine; transaction?: Transaction | undefined };

/** What happens to one document: without `before` it is new, without `after` it is deleted. */
export type Change = {
  rid: number;
  before?: Version;
  after?: Version;
  /** The top-level fields that may differ; without it all may. */
  touched?: ReadonlySet<string> | undefined;
};

const GIVEN_UP = -1;
const MAX_TRANSACTION_BYTES = 256 * 1024 * 1024;

/**
 * Reads and writes of documents. Without a transaction a write is committed at once (and safe at the end of
 * the turn); with one it goes into the overlay of the transaction.
 */
export class Engine {
  readonly store: Store;
  /** The number of the latest commit. */
  version = 0;
  /** Told when writes were taken back, after all open transactions have been aborted. */
  onRollback: () => void = () => undefined;
  readonly #open = new Set<Transaction>();
  #historyLog: { collection: Collection; rid: number; until: number }[] = [];
  #freedLog: { index: Index; key: string; until: number }[] = [];

  constructor(options: StoreOptions = {}) {
    this.store = new Store(options);
    this.store.onRollback = () => {
      for (const transaction of [...this.#open]) this.abort(transaction);
      this.#historyLog = [];
      this.#freedLog = [];
      this.onRollback();
    };
  }

  begin(): Transaction {
    const transaction = new Transaction(this.version);
    this.#open.add(transaction);
    return transaction;
  }

  /** The document as this reader sees it. */
  read(collection: Collection, rid: number, transaction: Transaction | undefined): Uint8Array | undefined {
    const past = transaction && pastVersion(collection, rid, transaction);
    return past === undefined ? this.store.readDocument(collection, rid) : (past ?? undefined);
  }

  insert(collection: Collection, after: Version, transaction?: Transaction): number {
    const rid = collection.nextRid++;
    this.write(collection, { rid, after }, transaction);
    return rid;
  }

  write(collection: Collection, change: Change, transaction?: Transaction): void {
    if (collection.dropped) throw new CommandError(26, `ns not found: ${collection.namespace}`);
    if (transaction) {
      if (transaction.state !== "open") throw transactionAborted();
      transaction.requireWritable(collection, change.rid);
    } else {
      const owner = collection.claims.get(change.rid);
      if (owner) throw new BlockedByTransaction(owner);
    }
    const keys = this.#keyChanges(collection, change);
    for (const { index, added } of keys) {
      // A build looks for duplicates itself.
      if (!index.unique || index === collection.build?.index) continue;
      for (const key of added) this.#requireFree(collection, index, key, change, transaction);
    }
    if (transaction) return this.#writeOverlay(collection, change, keys, transaction);
    const version = ++this.version;
    const [before, after] = [change.before?.bytes ?? null, change.after?.bytes ?? null];
    this.#orTakeBack(() => this.#apply(collection, change.rid, { before, after, keys, version }));
  }

  /** A half-made change must not be committed with the rest of the turn. */
  #orTakeBack(run: () => void): void {
    try {
      run();
    } catch (error) {
      throw this.store.takeBack(error);
    }
  }

  #keyChanges({ indexes, build }: Collection, { before, after, touched }: Omit<Change, "rid">): KeyChange[] {
    const changes: KeyChange[] = [];
    for (const index of build ? [...indexes, build.index] : indexes) {
      if (touched && !index.dependsOn(touched)) continue;
      const { multikey } = index;
      const old = before ? index.keysOf(before.doc) : [];
      const now = after ? index.keysOf(after.doc) : [];
      if (index.multikey !== multikey && index !== build?.index) this.store.saveIndex(index);
      const removed = old.filter((key) => !now.some((other) => other.equals(key)));
      const added = now.filter((key) => !old.some((other) => other.equals(key)));
      if (removed.length > 0 || added.length > 0) changes.push({ index, removed, added });
    }
    return changes;
  }

  #requireFree(
    collection: Collection,
    index: Index,
    key: Buffer,
    { rid, after }: Change,
    transaction: Transaction | undefined,
  ): void {
    const text = key.toString("latin1");
    const claim = index.claims.get(text);
    if (claim && claim.rid !== rid) {
      if (claim.owner !== transaction)
        throw transaction ? writeConflict() : new BlockedByTransaction(claim.owner);
      if (claim.rid !== GIVEN_UP) throw duplicateKey(collection, index, after!.doc);
    }
    // Gone since the snapshot: the transaction would see the key twice.
    if (transaction && (index.freed.get(text) ?? 0) > transaction.snapshot) throw writeConflict();
    for (const other of this.store.ridsOfKey(index, key)) {
      if (other === rid) continue;
      const owner = collection.claims.get(other);
      if (owner && owner === transaction) {
        // Free only if this transaction has taken the key from that document.
        const own = transaction.overlay.get(collection)!.get(other)!.bytes;
        if (!own || !index.keysOf(decode(own)).some((held) => held.equals(key))) continue;
      } else if (owner && !transaction) throw new BlockedByTransaction(owner);
      else if (owner || (transaction && pastVersion(collection, other, transaction) !== undefined))
        throw writeConflict();
      throw duplicateKey(collection, index, after!.doc);
    }
  }

  #writeOverlay(
    collection: Collection,
    { rid, before, after }: Change,
    changes: KeyChange[],
    transaction: Transaction,
  ): void {
    transaction.bytes += after?.bytes.length ?? 0;
    if (transaction.bytes > MAX_TRANSACTION_BYTES)
      throw new CommandError(257, "Total size of all transaction operations is too large");
    for (const { index, removed, added } of changes) {
      if (!index.unique) continue;
      // A key that it gives up stays its own until the end, as everything that it has written.
      for (const key of removed) {
        const claim = index.claims.get(key.toString("latin1"));
        if (claim?.owner === transaction) claim.rid = GIVEN_UP;
      }
      for (const key of added) {
        const text = key.toString("latin1");
        index.claims.set(text, { owner: transaction, rid });
        transaction.claimedKeys.push({ claims: index.claims, key: text });
      }
    }
    const entries = transaction.written(collection);
    const known = entries.get(rid);
    collection.claims.set(rid, transaction);
    entries.set(rid, {
      bytes: after?.bytes ?? null,
      keys: new Map(),
      existed: known ? known.existed : before !== undefined,
      changes: known ? undefined : changes,
    });
    transaction.writes++;
  }

  #apply(
    collection: Collection,
    rid: number,
    change: { before: Uint8Array | null; after: Uint8Array | null; keys: KeyChange[]; version: number },
  ): void {
    const { before, after, keys, version } = change;
    this.store.startWriting();
    this.#remember(collection, rid, before, version);
    collection.changes++;
    for (const { index, removed, added } of keys) {
      if (index.dropped) continue;
      for (const key of removed) {
        this.store.removeEntry(index, key, rid);
        if (index.unique) this.#rememberFreed(index, key.toString("latin1"), version);
      }
      for (const key of added) this.store.addEntry(collection, index, key, rid);
    }
    if (after) this.store.putDocument(collection, rid, after);
    else this.store.deleteDocument(collection, rid);
  }

  #rememberFreed(index: Index, key: string, until: number): void {
    if (this.#open.size === 0) return;
    index.freed.set(key, until);
    this.#freedLog.push({ index, key, until });
  }

  #remember(collection: Collection, rid: number, before: Uint8Array | null, until: number): void {
    if (this.#open.size === 0) return;
    const versions = collection.history.get(rid);
    if (versions) versions.push({ until, bytes: before });
    else collection.history.set(rid, [{ until, bytes: before }]);
    this.#historyLog.push({ collection, rid, until });
  }

  commit(transaction: Transaction): void {
    // This one needs no history any more, so a lone transaction pays nothing for snapshots.
    this.#open.delete(transaction);
    const version = ++this.version;
    try {
      this.#orTakeBack(() => {
        for (const [collection, entries] of transaction.overlay) {
          for (const [rid, entry] of entries) this.#applyEntry(collection, rid, entry, version);
        }
      });
    } catch (error) {
      this.#finish(transaction, "aborted");
      throw error;
    }
    this.#finish(transaction, "committed");
  }

  #applyEntry(collection: Collection, rid: number, entry: OverlayEntry, version: number): void {
    const { existed, bytes: after } = entry;
    if (!existed && !after) return;
    const needsBefore = existed && (!entry.changes || this.#open.size > 0);
    const before = needsBefore ? (this.store.readDocument(collection, rid) ?? null) : null;
    const keys =
      entry.changes ??
      this.#keyChanges(collection, {
        ...(before ? { before: { doc: decode(before), bytes: before } } : {}),
        ...(after ? { after: { doc: decode(after), bytes: after } } : {}),
      });
    this.#apply(collection, rid, { before, after, keys, version });
  }

  abort(transaction: Transaction): void {
    this.#open.delete(transaction);
    this.#finish(transaction, "aborted");
  }

  /** What is kept for the snapshots of open transactions goes with the oldest of them. */
  #finish(transaction: Transaction, state: "committed" | "aborted"): void {
    transaction.finish(state);
    let oldest = Infinity;
    for (const other of this.#open) oldest = Math.min(oldest, other.snapshot);
    this.#historyLog = withoutOld(this.#historyLog, oldest, ({ collection, rid }) => {
      const versions = collection.history.get(rid)?.filter(({ until }) => until > oldest);
      if (versions?.length) collection.history.set(rid, versions);
      else collection.history.delete(rid);
    });
    this.#freedLog = withoutOld(this.#freedLog, oldest, ({ index, key, until }) => {
      if (index.freed.get(key) === until) index.freed.delete(key);
    });
  }

  /** Open transactions that have written to the collection: changes of its definition wait for them. */
  writersOf(collection: Collection): Transaction[] {
    return [...this.#open].filter((transaction) => transaction.overlay.has(collection));
  }

  get openTransactions(): number {
    return this.#open.size;
  }
}

/** The log is in order of its numbers. */
function withoutOld<Entry extends { until: number }>(
  log: Entry[],
  oldest: number,
  forget: (entry: Entry) => void,
): Entry[] {
  let old = 0;
  while (old < log.length && log[old]!.until <= oldest) forget(log[old++]!);
  return old > 0 ? log.slice(old) : log;
}

export function versionOf(doc: Doc): Version {
  return { doc, bytes: encodeStored(doc) };
}
