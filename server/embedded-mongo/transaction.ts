import type { Collection, Index } from "./catalog.ts";
import { writeConflict } from "./errors.ts";

export type KeyChange = { index: Index; removed: Buffer[]; added: Buffer[] };

/** A document as a transaction has written it; `null` when it deleted it. */
export type OverlayEntry = {
  bytes: Uint8Array | null;
  /** Its keys by the number of the index, as far as a scan has asked for them. */
  keys: Map<number, Buffer[]>;
  existed: boolean;
  /** What the commit does to the indexes; unknown when the document was written more than once. */
  changes: KeyChange[] | undefined;
};

/**
 * An open transaction: a snapshot number, and the documents it has written, which nobody else sees before
 * the commit. Whoever claims a document or a unique key first keeps it, so that a commit cannot fail.
 */
export class Transaction {
  readonly snapshot: number;
  readonly startedAt = Date.now();
  readonly overlay = new Map<Collection, Map<number, OverlayEntry>>();
  readonly claimedKeys: { claims: Map<string, { owner: Transaction; rid: number }>; key: string }[] = [];
  /** Counts own writes, so that a scan knows when its picture of the overlay is old. */
  writes = 0;
  bytes = 0;
  state: "open" | "committed" | "aborted" = "open";
  readonly finished: Promise<void>;
  #resolve!: () => void;

  constructor(snapshot: number) {
    this.snapshot = snapshot;
    this.finished = new Promise((resolve) => (this.#resolve = resolve));
  }

  written(collection: Collection): Map<number, OverlayEntry> {
    let entries = this.overlay.get(collection);
    if (!entries) this.overlay.set(collection, (entries = new Map<number, OverlayEntry>()));
    return entries;
  }

  /** Fails when another transaction has written the document, or someone has committed it since the snapshot. */
  requireWritable(collection: Collection, rid: number): void {
    const owner = collection.claims.get(rid);
    if (owner === this) return;
    const latest = collection.history.get(rid)?.at(-1);
    if (owner || (latest && latest.until > this.snapshot)) throw writeConflict();
  }

  finish(state: "committed" | "aborted"): void {
    this.state = state;
    for (const [collection, entries] of this.overlay) {
      for (const rid of entries.keys()) collection.claims.delete(rid);
    }
    for (const { claims, key } of this.claimedKeys) {
      if (claims.get(key)?.owner === this) claims.delete(key);
    }
    this.overlay.clear();
    this.#resolve();
  }
}

/** Thrown when a plain write meets a document or key of an open transaction: it is tried again afterwards. */
export class BlockedByTransaction extends Error {
  readonly transaction: Transaction;
  constructor(transaction: Transaction) {
    super("blocked by an open transaction");
    this.transaction = transaction;
  }
}

/** What a transaction sees instead of the committed document; `undefined` when it sees that one. */
export function pastVersion(
  collection: Collection,
  rid: number,
  transaction: Transaction,
): Uint8Array | null | undefined {
  const own = transaction.overlay.get(collection)?.get(rid);
  if (own) return own.bytes;
  return collection.history.get(rid)?.find(({ until }) => until > transaction.snapshot)?.bytes;
}

/** Every document that a transaction sees differently from what is committed. */
export function differencesOf(
  collection: Collection,
  transaction: Transaction,
): Map<number, Uint8Array | null> {
  const found = new Map<number, Uint8Array | null>();
  for (const [rid, versions] of collection.history) {
    const past = versions.find(({ until }) => until > transaction.snapshot);
    if (past) found.set(rid, past.bytes);
  }
  for (const [rid, entry] of transaction.overlay.get(collection) ?? []) found.set(rid, entry.bytes);
  return found;
}
