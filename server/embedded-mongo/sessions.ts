import { decode, encode } from "./bson-codec.ts";
import type { Engine } from "./engine.ts";
import { CommandError } from "./errors.ts";
import type { Transaction } from "./transaction.ts";
import type { Doc } from "./values.ts";

/** A client's session: its latest transaction, and what to answer when its latest write comes again. */
export type Session = {
  key: Uint8Array;
  txnNumber: bigint;
  transaction?: Transaction;
  /** When the session was last heard of, in milliseconds. */
  usedAt: number;
  /** The number of the write or transaction that the saved record speaks of. */
  recorded: bigint;
  /** A command of it is running, so it is not idle however long that takes. */
  busy: number;
  /** The connection that it was heard of last. */
  connectionId: number;
};

export const SESSION_TIMEOUT_MINUTES = 30;
// As in MongoDB: a transaction nobody ends must not hold documents, or the past, for ever.
const TRANSACTION_LIFETIME_MS = 60_000;
// A client that was frozen, or cut off without a word, in the middle of a transaction must not keep everybody else
// from the documents that it has written. Clients that live go on within milliseconds.
const SILENT_WRITER_MS = 3000;
// A driver that lost its connection needs a moment to find the server again.
const ABANDONED_AFTER_MS = 5000;

export class Sessions {
  readonly #engine: Engine;
  readonly #sessions = new Map<string, Session>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  find(key: Uint8Array): Session {
    const text = Buffer.from(key).toString("latin1");
    let session = this.#sessions.get(text);
    if (!session) {
      const saved = this.#engine.store.readRetryRecord(key);
      session = {
        key,
        txnNumber: saved?.txn ?? -1n,
        recorded: saved?.txn ?? -1n,
        usedAt: Date.now(),
        busy: 0,
        connectionId: 0,
      };
      this.#sessions.set(text, session);
    }
    session.usedAt = Date.now();
    return session;
  }

  /** Notes a newer transaction number; what was open under an older one is over. */
  advance(session: Session, txnNumber: bigint): void {
    if (txnNumber < session.txnNumber) {
      throw new CommandError(
        225,
        `Cannot start transaction ${txnNumber} on session because a newer transaction ${session.txnNumber} has already started.`,
      );
    }
    if (txnNumber === session.txnNumber) return;
    this.abort(session);
    session.transaction = undefined;
    session.txnNumber = txnNumber;
  }

  /** Begins a transaction, or finds the one that the command goes on with. */
  transactionOf(session: Session, txnNumber: bigint, starts: boolean): Transaction {
    if (starts) {
      if (txnNumber === session.txnNumber && session.transaction?.state !== "aborted") {
        throw new CommandError(
          50911,
          `Cannot start a transaction at given transaction number ${txnNumber} a transaction with the same number is in state ${session.transaction?.state ?? "unknown"}`,
        );
      }
      this.advance(session, txnNumber);
      session.transaction = this.#engine.begin();
      return session.transaction;
    }
    const { transaction } = session;
    if (txnNumber !== session.txnNumber || !transaction || transaction.state === "aborted")
      throw noSuchTransaction(txnNumber);
    if (transaction.state === "committed")
      throw new CommandError(256, `Transaction with { txnNumber: ${txnNumber} } has been committed.`);
    return transaction;
  }

  commit(session: Session, txnNumber: bigint): void {
    const { transaction } = session;
    if (txnNumber === session.txnNumber && transaction?.state === "open") {
      this.#engine.commit(transaction);
      this.saveRecord(session, new Map([["committed", true]]));
      return;
    }
    if (txnNumber === session.txnNumber && transaction?.state === "committed") return;
    // After a restart only the record can tell that the commit took place.
    if (!transaction && this.findRecord(session, txnNumber)?.get("committed") === true) return;
    throw noSuchTransaction(txnNumber);
  }

  abortByCommand(session: Session, txnNumber: bigint): void {
    if (session.transaction?.state === "committed" && txnNumber === session.txnNumber) {
      throw new CommandError(256, `Transaction with { txnNumber: ${txnNumber} } has been committed.`);
    }
    if (txnNumber !== session.txnNumber || session.transaction?.state !== "open")
      throw noSuchTransaction(txnNumber);
    this.abort(session);
  }

  abort(session: Session): void {
    if (session.transaction?.state === "open") this.#engine.abort(session.transaction);
  }

  /** What is known of a retryable write or commit with this number. */
  findRecord(session: Session, txnNumber: bigint): Doc | undefined {
    if (session.recorded !== txnNumber) return undefined;
    const saved = this.#engine.store.readRetryRecord(session.key);
    return saved?.txn === txnNumber ? decode(saved.state) : undefined;
  }

  /** Goes into the same commit as the write that it speaks of. */
  saveRecord(session: Session, record: Doc | Parameters<typeof encode>[0]): void {
    session.recorded = session.txnNumber;
    this.#engine.store.saveRetryRecord(session.key, session.txnNumber, encode(record));
  }

  end(key: Uint8Array): void {
    const text = Buffer.from(key).toString("latin1");
    const session = this.#sessions.get(text);
    if (session) this.abort(session);
    this.#sessions.delete(text);
  }

  /** What memory knows may be of writes that were taken back; what is true is in the file. */
  forgetAll(): void {
    this.#sessions.clear();
  }

  /** A client that has gone does not end its transaction any more; one that only changed its connection soon speaks again. */
  connectionClosed(connectionId: number): void {
    for (const session of this.#sessions.values()) {
      const { transaction, usedAt } = session;
      if (transaction?.state !== "open" || session.connectionId !== connectionId) continue;
      setTimeout(() => {
        const isSilent = session.busy === 0 && session.usedAt === usedAt;
        if (isSilent && session.transaction === transaction) this.abort(session);
      }, ABANDONED_AFTER_MS).unref();
    }
  }

  /** Aborts transactions that hold documents while nothing is heard of their clients. */
  sweepSilent(now = Date.now()): void {
    for (const session of this.#sessions.values()) {
      const { transaction, busy, usedAt } = session;
      if (transaction?.state !== "open" || busy > 0 || transaction.writes === 0) continue;
      if (now - usedAt > SILENT_WRITER_MS) this.abort(session);
    }
  }

  /** Aborts transactions that have been open for too long, and forgets old sessions. */
  sweep(now = Date.now()): void {
    for (const [text, session] of this.#sessions) {
      if (session.transaction && now - session.transaction.startedAt > TRANSACTION_LIFETIME_MS)
        this.abort(session);
      if (session.busy > 0) continue;
      if (now - session.usedAt > SESSION_TIMEOUT_MINUTES * 60_000) this.#sessions.delete(text);
    }
  }

  forgetOldRecords(now = Date.now()): void {
    this.#engine.store.deleteRetryRecordsBefore(now - SESSION_TIMEOUT_MINUTES * 60_000);
  }
}

function noSuchTransaction(txnNumber: bigint): CommandError {
  return new CommandError(
    251,
    `Given transaction number ${txnNumber} does not match any in-progress transactions.`,
  ).withLabel("TransientTransactionError");
}
