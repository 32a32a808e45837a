import { decode, encodeStored } from "./bson-codec.ts";
import type { Collection, Index } from "./catalog.ts";
import { duplicateKey } from "./duplicate-key.ts";
import { CommandError, transactionAborted, writeConflict } from "./errors.ts";
import { Store, type StoreOptions } from "./store.ts";
import { BlockedByTransaction, type KeyChange, type OverlayEntry, Transaction } from "./transaction.ts";
import type { Doc } from "./values.ts";

/** One document in two forms. */
export type Version = { doc: Doc; bytes: Uint8Array };

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
    if (transaction) {
      const past = this.#pastVersion(collection, rid, transaction);
      if (past !== undefined) return past ?? undefined;
    }
    return this.store.readDocument(collection, rid);
  }

  /** What a transaction sees instead of the committed document; `undefined` when it sees that one. */
  #pastVersion(collection: Collection, rid: number, transaction: Transaction): Uint8Array | null | undefined {
    const own = transaction.overlay.get(collection)?.get(rid);
    if (own) return own.bytes;
    const past = collection.history.get(rid)?.find(({ until }) => until > transaction.snapshot);
    return past?.bytes;
  }

  /** Every document that a transaction sees differently from what is committed. */
  differences(collection: Collection, transaction: Transaction): Map<number, Uint8Array | null> {
    const found = new Map<number, Uint8Array | null>();
    for (const [rid, versions] of collection.history) {
      const past = versions.find(({ until }) => until > transaction.snapshot);
      if (past) found.set(rid, past.bytes);
    }
    for (const [rid, entry] of transaction.overlay.get(collection) ?? []) found.set(rid, entry.bytes);
    return found;
  }

  insert(collection: Collection, after: Version, transaction?: Transaction): number {
    const rid = collection.nextRid++;
    this.#write(collection, rid, undefined, after, transaction);
    return rid;
  }

  /** `touched` names the top-level fields that may differ; without it all may. */
  replace(
    collection: Collection,
    rid: number,
    before: Version,
    after: Version,
    transaction?: Transaction,
    touched?: ReadonlySet<string>,
  ): void {
    this.#write(collection, rid, before, after, transaction, touched);
  }

  delete(collection: Collection, rid: number, before: Version, transaction?: Transaction): void {
    this.#write(collection, rid, before, undefined, transaction);
  }

  #write(
    collection: Collection,
    rid: number,
    before: Version | undefined,
    after: Version | undefined,
    transaction: Transaction | undefined,
    touched?: ReadonlySet<string>,
  ): void {
    if (collection.dropped) throw new CommandError(26, `ns not found: ${collection.namespace}`);
    if (transaction) {
      if (transaction.state !== "open") throw transactionAborted();
      transaction.requireWritable(collection, rid);
    } else {
      const owner = collection.claims.get(rid);
      if (owner) throw new BlockedByTransaction(owner);
    }
    const changes = this.#keyChanges(collection, before, after, touched);
    for (const { index, added } of changes) {
      // A build looks for duplicates itself.
      if (!index.unique || !after || index === collection.build?.index) continue;
      for (const key of added) this.#requireFree(collection, index, key, rid, after.doc, transaction);
    }
    if (transaction) {
      this.#writeOverlay(collection, rid, before, after, changes, transaction);
      return;
    }
    const version = ++this.version;
    this.#orTakeBack(() =>
      this.#apply(collection, rid, before?.bytes ?? null, after?.bytes ?? null, changes, version),
    );
  }

  /** A half-made change must not be committed with the rest of the turn. */
  #orTakeBack(run: () => void): void {
    try {
      run();
    } catch (error) {
      throw this.store.takeBack(error);
    }
  }

  #keyChanges(
    collection: Collection,
    before: Version | undefined,
    after: Version | undefined,
    touched?: ReadonlySet<string>,
  ): KeyChange[] {
    const changes: KeyChange[] = [];
    const { indexes, build } = collection;
    for (const index of build ? [...indexes, build.index] : indexes) {
      if (touched && !index.dependsOn(touched)) continue;
      const multikey = index.multikey;
      const old = before ? index.keysOf(before.doc) : [];
      const now = after ? index.keysOf(after.doc) : [];
      if (index.multikey !== multikey && index !== collection.build?.index) this.store.saveIndexSpec(index);
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
    rid: number,
    doc: Doc,
    transaction: Transaction | undefined,
  ): void {
    const claim = index.claims.size > 0 ? index.claims.get(key.toString("latin1")) : undefined;
    if (claim && claim.rid !== rid) {
      if (claim.owner !== transaction)
        throw transaction ? writeConflict() : new BlockedByTransaction(claim.owner);
      if (claim.rid !== GIVEN_UP) throw duplicateKey(collection, index, doc);
    }
    // Gone since the snapshot: the transaction would see the key twice.
    if (transaction && (index.freed.get(key.toString("latin1")) ?? 0) > transaction.snapshot)
      throw writeConflict();
    for (const other of this.store.ridsOfKey(collection, index, key)) {
      if (other === rid) continue;
      const owner = collection.claims.get(other);
      if (owner && owner === transaction) {
        // Free only if this transaction has taken the key from that document.
        const own = transaction.overlay.get(collection)!.get(other)!.bytes;
        if (own && index.keysOf(decode(own)).some((held) => held.equals(key)))
          throw duplicateKey(collection, index, doc);
        continue;
      }
      if (owner && !transaction) throw new BlockedByTransaction(owner);
      const past = transaction && this.#pastVersion(collection, other, transaction);
      if (owner || past !== undefined) throw writeConflict();
      throw duplicateKey(collection, index, doc);
    }
  }

  #writeOverlay(
    collection: Collection,
    rid: number,
    before: Version | undefined,
    after: Version | undefined,
    changes: KeyChange[],
    transaction: Transaction,
  ): void {
    transaction.bytes += after?.bytes.length ?? 0;
    if (transaction.bytes > MAX_TRANSACTION_BYTES)
      throw new CommandError(257, "Total size of all transaction operations is too large");
    const entries = transaction.written(collection);
    const known = entries.get(rid);
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
    const existed = known ? known.existed : before !== undefined;
    collection.claims.set(rid, transaction);
    entries.set(rid, {
      bytes: after?.bytes ?? null,
      keys: new Map(),
      existed,
      changes: known ? undefined : changes,
    });
    transaction.writes++;
  }

  #apply(
    collection: Collection,
    rid: number,
    before: Uint8Array | null,
    after: Uint8Array | null,
    changes: KeyChange[],
    version: number,
  ): void {
    this.store.startWriting();
    this.#remember(collection, rid, before, version);
    collection.changes++;
    for (const { index, removed, added } of changes) {
      if (index.dropped) continue;
      for (const key of removed) {
        this.store.removeEntry(collection, index, key, rid);
        if (index.unique && this.#open.size > 0) this.#rememberFreed(index, key.toString("latin1"), version);
      }
      for (const key of added) this.store.addEntry(collection, index, key, rid);
    }
    if (after) this.store.putDocument(collection, rid, after);
    else this.store.deleteDocument(collection, rid);
  }

  #rememberFreed(index: Index, key: string, until: number): void {
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
    if (!entry.existed && !entry.bytes) return;
    const needsBefore = entry.existed && (!entry.changes || this.#open.size > 0);
    const before = needsBefore ? (this.store.readDocument(collection, rid) ?? null) : null;
    const changes =
      entry.changes ??
      this.#keyChanges(
        collection,
        before ? { doc: decode(before), bytes: before } : undefined,
        entry.bytes ? { doc: decode(entry.bytes), bytes: entry.bytes } : undefined,
      );
    this.#apply(collection, rid, before, entry.bytes, changes, version);
  }

  abort(transaction: Transaction): void {
    this.#open.delete(transaction);
    this.#finish(transaction, "aborted");
  }

  #finish(transaction: Transaction, state: "committed" | "aborted"): void {
    transaction.finish(state);
    let oldest = Infinity;
    for (const other of this.#open) oldest = Math.min(oldest, other.snapshot);
    let forget = 0;
    for (const { collection, rid, until } of this.#historyLog) {
      if (until > oldest) break;
      forget++;
      const versions = collection.history.get(rid)?.filter((version) => version.until > oldest);
      if (versions?.length) collection.history.set(rid, versions);
      else collection.history.delete(rid);
    }
    if (forget > 0) this.#historyLog = this.#historyLog.slice(forget);
    const old = this.#freedLog.filter(({ until }) => until <= oldest);
    for (const { index, key, until } of old) if (index.freed.get(key) === until) index.freed.delete(key);
    if (old.length > 0) this.#freedLog = this.#freedLog.slice(old.length);
  }

  /** Open transactions that have written to the collection: changes of its definition wait for them. */
  writersOf(collection: Collection): Transaction[] {
    return [...this.#open].filter((transaction) => transaction.overlay.has(collection));
  }

  get openTransactions(): number {
    return this.#open.size;
  }
}

export function versionOf(doc: Doc): Version {
  return { doc, bytes: encodeStored(doc) };
}
