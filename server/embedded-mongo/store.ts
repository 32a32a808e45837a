import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync, backup } from "node:sqlite";
import { decode, encode } from "./bson-codec.ts";
import { Collection, Index } from "./catalog.ts";
import { CommandError, databaseDamaged, outOfDiskSpace } from "./errors.ts";
import type { Doc, Value } from "./values.ts";

const LAYOUT_VERSION = 1;

type CollectionStatements = {
  get: StatementSync;
  put: StatementSync;
  delete: StatementSync;
  forward: StatementSync;
  backward: StatementSync;
  count: StatementSync;
};
type IndexStatements = {
  byKey: StatementSync;
  rids: StatementSync;
  add: StatementSync;
  remove: StatementSync;
  forward: StatementSync;
  backward: StatementSync;
  count: StatementSync;
};

export type Row = [key: Uint8Array, rid: number, bytes: Uint8Array];

export type StoreOptions = {
  /** Where the files are; without it everything is in memory. */
  dir?: string | undefined;
  /** Beyond this the disk counts as full. */
  maxBytes?: number | undefined;
};

// SQLite's primary error codes. A write that found no room has changed nothing; after the others only a look
// at the file can tell what is true.
const NO_ERROR = 0;
const FULL = 13;
const IO_ERROR_OF_WRITE = 778;
const DAMAGES = new Set([8, 10, 11, 14, 26]);
const PAGE_BYTES = 4096;
// In the saved multikey bits: the index has not all entries yet.
const UNFINISHED = 2 ** 40;

/**
 * The SQLite file: documents as BSON, index entries as ordered byte strings, retry records. All writes of one
 * turn of the event loop are one SQLite transaction; what must not leave before it is safe waits in `afterCommit`.
 */
export class Store {
  readonly #db: DatabaseSync;
  readonly collections = new Map<string, Collection>();
  /** Told when a turn's writes were taken back: whatever memory knows of them is wrong then. */
  onRollback: () => void = () => undefined;
  readonly #collectionStatements = new Map<number, CollectionStatements>();
  readonly #indexStatements = new Map<number, IndexStatements>();
  readonly #commit: StatementSync;
  readonly #begin: StatementSync;
  readonly #rollback: StatementSync;
  /** How often a turn was taken back: an answer that was prepared before is not true any more. */
  rollbacks = 0;
  #damage: CommandError | undefined;
  readonly #getRetry: StatementSync;
  readonly #putRetry: StatementSync;
  #writing = false;
  #waiting: ((failure?: CommandError) => void)[] = [];

  constructor({ dir, maxBytes }: StoreOptions = {}) {
    if (dir !== undefined) mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#db = openDatabase(dir);
    if (maxBytes !== undefined) this.#db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)}`);
    this.#begin = this.#db.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#db.prepare("COMMIT");
    this.#rollback = this.#db.prepare("ROLLBACK");
    this.#getRetry = this.#prepare("SELECT txn, state FROM retries WHERE session = ?");
    this.#putRetry = this.#db.prepare(
      "INSERT OR REPLACE INTO retries (session, txn, state, at) VALUES (?, ?, ?, ?)",
    );
    try {
      this.#dropUnfinished();
      this.#load();
    } catch (error) {
      this.#db.close();
      throw cannotOpen(dir, error);
    }
  }

  /** A build that was interrupted was never acknowledged: whoever wanted the index asks again. */
  #dropUnfinished(): void {
    const rows = this.#prepare("SELECT id FROM indexes WHERE multikey >= ?").all(UNFINISHED);
    for (const [id] of rows as unknown as [number][]) this.#removeIndex(id);
  }

  #prepare(sql: string): StatementSync {
    return this.#db.prepare(sql, { returnArrays: true });
  }

  #load(): void {
    for (const [id, database, name, options] of this.#prepare(
      "SELECT id, db, name, options FROM collections",
    ).all() as unknown as [number, string, string, Uint8Array][]) {
      const collection = new Collection(id, database, name, decode(options));
      for (const [indexId, spec, multikey] of this.#prepare(
        "SELECT id, spec, multikey FROM indexes WHERE collection = ? ORDER BY id",
      ).all(id) as unknown as [number, Uint8Array, number][]) {
        const index = new Index(indexId, decode(spec), multikey % UNFINISHED);
        if (multikey < UNFINISHED) collection.indexes.push(index);
      }
      const [last] = this.#prepare(`SELECT max(rid) FROM docs_${id}`).get() as unknown as [number | null];
      collection.nextRid = (last ?? 0) + 1;
      this.collections.set(collection.namespace, collection);
    }
  }

  /** Opens the SQLite transaction of this turn, to be committed when the turn ends. */
  startWriting(): void {
    if (this.#writing) return;
    if (this.#damage) throw this.#damage;
    this.#begin.run();
    this.#writing = true;
    setImmediate(() => this.commit());
  }

  /** Runs `done` when everything written so far is safe; at once when nothing is pending. */
  afterCommit(done: (failure?: CommandError) => void): void {
    if (this.#writing) this.#waiting.push(done);
    else done();
  }

  /** A failed commit takes the whole turn back, and everyone who waits for it is told. */
  commit(): void {
    if (!this.#writing) return;
    try {
      this.#commit.run();
    } catch (error) {
      this.takeBack(error);
      return;
    }
    this.#writing = false;
    this.#tell(undefined);
  }

  #tell(failure: CommandError | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done(failure);
  }

  /**
   * A change that failed half-way: what this turn has written is undone, and memory is read again from the
   * file. Collections that someone still holds count as dropped, so that nobody goes on with an old picture.
   */
  takeBack(error: unknown): CommandError {
    const failure = this.failureOf(error);
    if (!this.#writing) return failure;
    this.#writing = false;
    this.rollbacks++;
    // SQLite may have taken it back by itself.
    if (this.#db.isTransaction) this.#rollback.run();
    for (const collection of this.collections.values()) collection.dropped = true;
    this.collections.clear();
    this.#collectionStatements.clear();
    this.#indexStatements.clear();
    this.#load();
    this.onRollback();
    this.#tell(failure);
    return failure;
  }

  /** What a client is told of an error of SQLite. After damage nothing more is written. */
  failureOf(error: unknown): CommandError {
    if (error instanceof CommandError) return error;
    if (!isSqliteError(error) || !(DAMAGES.has(error.errcode & 255) || (error.errcode & 255) === FULL))
      return new CommandError(1, `internal error: ${error instanceof Error ? error.message : String(error)}`);
    if ((error.errcode & 255) === FULL || error.errcode === IO_ERROR_OF_WRITE) return outOfDiskSpace();
    if (!this.#damage) console.error((this.#damage = databaseDamaged(error.message)).message);
    return this.#damage;
  }

  close(): void {
    this.commit();
    this.#db.close();
  }

  /** Copies everything into a new file, while reading and writing go on; what is written meanwhile is in it, too. */
  async copyTo(path: string): Promise<void> {
    for (;;) {
      try {
        await backup(this.#db, path);
        return;
      } catch (error) {
        // A copy that meets a write at its very first page ends at once, with an error that says there is none.
        if (!isSqliteError(error) || error.errcode !== NO_ERROR) throw error;
      }
    }
  }

  collection(namespace: string): Collection | undefined {
    return this.collections.get(namespace);
  }

  createCollection(database: string, name: string, options: Doc): Collection {
    this.startWriting();
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO collections (db, name, options) VALUES (?, ?, ?)")
      .run(database, name, encode(options));
    const collection = new Collection(Number(lastInsertRowid), database, name, options);
    this.#db.exec(`CREATE TABLE docs_${collection.id} (rid INTEGER PRIMARY KEY, doc BLOB NOT NULL)`);
    this.collections.set(collection.namespace, collection);
    const spec = new Map<string, Value>([
      ["v", 2],
      ["key", new Map([["_id", 1]])],
      ["name", "_id_"],
    ]);
    this.finishIndex(collection, this.startIndex(collection, spec));
    return collection;
  }

  dropCollection(collection: Collection): void {
    this.startWriting();
    for (const index of [...collection.indexes]) this.dropIndex(collection, index);
    this.#db.exec(`DROP TABLE docs_${collection.id}`);
    this.#db.prepare("DELETE FROM collections WHERE id = ?").run(collection.id);
    this.#collectionStatements.delete(collection.id);
    this.collections.delete(collection.namespace);
    collection.dropped = true;
  }

  /** An index without entries, which belongs to the collection only when it is finished. */
  startIndex(collection: Collection, spec: Doc): Index {
    this.startWriting();
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO indexes (collection, spec, multikey) VALUES (?, ?, ?)")
      .run(collection.id, encode(spec), UNFINISHED);
    const index = new Index(Number(lastInsertRowid), spec, 0);
    this.#db.exec(
      `CREATE TABLE entries_${index.id} (k BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (k, rid)) WITHOUT ROWID`,
    );
    return index;
  }

  finishIndex(collection: Collection, index: Index): void {
    collection.indexes.push(index);
    this.saveIndexSpec(index);
  }

  dropIndex(collection: Collection, index: Index): void {
    this.startWriting();
    this.#removeIndex(index.id);
    index.dropped = true;
    collection.indexes = collection.indexes.filter((other) => other !== index);
  }

  #removeIndex(id: number): void {
    this.#db.exec(`DROP TABLE entries_${id}`);
    this.#db.prepare("DELETE FROM indexes WHERE id = ?").run(id);
    this.#indexStatements.delete(id);
  }

  saveIndexSpec(index: Index): void {
    this.startWriting();
    this.#db
      .prepare("UPDATE indexes SET spec = ?, multikey = ? WHERE id = ?")
      .run(encode(index.spec), index.multikey, index.id);
  }

  renameCollection(collection: Collection, database: string, name: string): Collection {
    this.startWriting();
    this.#db
      .prepare("UPDATE collections SET db = ?, name = ? WHERE id = ?")
      .run(database, name, collection.id);
    this.collections.delete(collection.namespace);
    const renamed = new Collection(collection.id, database, name, collection.options);
    renamed.indexes = collection.indexes;
    renamed.nextRid = collection.nextRid;
    collection.dropped = true;
    this.collections.set(renamed.namespace, renamed);
    return renamed;
  }

  readDocument(collection: Collection, rid: number): Uint8Array | undefined {
    const row = this.#statements(collection).get.get(rid) as unknown as [Uint8Array] | undefined;
    return row?.[0];
  }

  putDocument(collection: Collection, rid: number, bytes: Uint8Array): void {
    this.#statements(collection).put.run(rid, bytes);
  }

  deleteDocument(collection: Collection, rid: number): void {
    this.#statements(collection).delete.run(rid);
  }

  /** Documents after (or, backward, before) a row number, in order of insertion. */
  readDocuments(
    collection: Collection,
    from: number,
    backward: boolean,
    limit: number,
  ): [number, Uint8Array][] {
    const { forward, backward: back } = this.#statements(collection);
    return (backward ? back : forward).all(from, limit) as unknown as [number, Uint8Array][];
  }

  countDocuments(collection: Collection): number {
    return (this.#statements(collection).count.get() as unknown as [number])[0];
  }

  /** Documents between two keys, beyond a position, in the order of the index. */
  readEntries(
    collection: Collection,
    index: Index,
    range: { low: Uint8Array; high: Uint8Array },
    backward: boolean,
    from: { key: Uint8Array; rid: number },
    limit: number,
  ): Row[] {
    const { forward, backward: back } = this.#indexStatementsOf(collection, index);
    const rows = backward
      ? back.all(range.low, from.key, from.rid, limit)
      : forward.all(from.key, from.rid, range.high, limit);
    return rows as unknown as Row[];
  }

  countEntries(collection: Collection, index: Index, low: Uint8Array, high: Uint8Array): number {
    return (this.#indexStatementsOf(collection, index).count.get(low, high) as unknown as [number])[0];
  }

  /** The document that has this key of a unique index. */
  readByKey(collection: Collection, index: Index, key: Uint8Array): [number, Uint8Array] | undefined {
    return this.#indexStatementsOf(collection, index).byKey.get(key) as unknown as
      [number, Uint8Array] | undefined;
  }

  /** The documents that have exactly this key. */
  ridsOfKey(collection: Collection, index: Index, key: Uint8Array): number[] {
    return (this.#indexStatementsOf(collection, index).rids.all(key) as unknown as [number][]).map(
      ([rid]) => rid,
    );
  }

  addEntry(collection: Collection, index: Index, key: Uint8Array, rid: number): void {
    const { build } = collection;
    if (
      index.unique &&
      build?.index === index &&
      this.ridsOfKey(collection, index, key).some((other) => other !== rid)
    )
      build.suspects.set(Buffer.from(key).toString("latin1"), Buffer.from(key));
    this.#indexStatementsOf(collection, index).add.run(key, rid);
  }

  removeEntry(collection: Collection, index: Index, key: Uint8Array, rid: number): void {
    this.#indexStatementsOf(collection, index).remove.run(key, rid);
  }

  readRetryRecord(session: Uint8Array): { txn: bigint; state: Uint8Array } | undefined {
    const row = this.#getRetry.get(session) as unknown as [string, Uint8Array] | undefined;
    return row && { txn: BigInt(row[0]), state: row[1] };
  }

  saveRetryRecord(session: Uint8Array, txn: bigint, state: Uint8Array): void {
    this.startWriting();
    this.#putRetry.run(session, String(txn), state, Date.now());
  }

  deleteRetryRecordsBefore(time: number): void {
    this.startWriting();
    this.#db.prepare("DELETE FROM retries WHERE at < ?").run(time);
  }

  #statements(collection: Collection): CollectionStatements {
    let statements = this.#collectionStatements.get(collection.id);
    if (!statements) {
      const table = `docs_${collection.id}`;
      statements = {
        get: this.#prepare(`SELECT doc FROM ${table} WHERE rid = ?`),
        put: this.#prepare(`INSERT OR REPLACE INTO ${table} (rid, doc) VALUES (?, ?)`),
        delete: this.#prepare(`DELETE FROM ${table} WHERE rid = ?`),
        forward: this.#prepare(`SELECT rid, doc FROM ${table} WHERE rid > ? ORDER BY rid LIMIT ?`),
        backward: this.#prepare(`SELECT rid, doc FROM ${table} WHERE rid < ? ORDER BY rid DESC LIMIT ?`),
        count: this.#prepare(`SELECT count(*) FROM ${table}`),
      };
      this.#collectionStatements.set(collection.id, statements);
    }
    return statements;
  }

  #indexStatementsOf(collection: Collection, index: Index): IndexStatements {
    let statements = this.#indexStatements.get(index.id);
    if (!statements) {
      const table = `entries_${index.id}`;
      const read = `SELECT e.k, e.rid, d.doc FROM ${table} e CROSS JOIN docs_${collection.id} d ON d.rid = e.rid`;
      statements = {
        byKey: this.#prepare(
          `SELECT e.rid, d.doc FROM ${table} e CROSS JOIN docs_${collection.id} d ON d.rid = e.rid WHERE e.k = ?`,
        ),
        rids: this.#prepare(`SELECT rid FROM ${table} WHERE k = ?`),
        add: this.#prepare(`INSERT OR IGNORE INTO ${table} (k, rid) VALUES (?, ?)`),
        remove: this.#prepare(`DELETE FROM ${table} WHERE k = ? AND rid = ?`),
        forward: this.#prepare(`${read} WHERE (e.k, e.rid) > (?, ?) AND e.k < ? ORDER BY e.k, e.rid LIMIT ?`),
        backward: this.#prepare(
          `${read} WHERE e.k >= ? AND (e.k, e.rid) < (?, ?) ORDER BY e.k DESC, e.rid DESC LIMIT ?`,
        ),
        count: this.#prepare(`SELECT count(*) FROM ${table} WHERE k >= ? AND k < ?`),
      };
      this.#indexStatements.set(index.id, statements);
    }
    return statements;
  }
}

export function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

function cannotOpen(dir: string | undefined, cause: unknown): Error {
  return new Error(`The built-in database in ${dir} cannot be opened: ${(cause as Error).message}`, {
    cause,
  });
}

function openDatabase(dir: string | undefined): DatabaseSync {
  const db = new DatabaseSync(dir === undefined ? ":memory:" : join(dir, "data.sqlite"), { timeout: 0 });
  try {
    db.exec(`
      PRAGMA page_size = ${PAGE_BYTES};
      PRAGMA cell_size_check = ON;
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -65536;
      PRAGMA user_version = ${readLayoutVersion(db)};
      CREATE TABLE IF NOT EXISTS collections (id INTEGER PRIMARY KEY AUTOINCREMENT, db TEXT NOT NULL, name TEXT NOT NULL, options BLOB NOT NULL, UNIQUE (db, name));
      CREATE TABLE IF NOT EXISTS indexes (id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, spec BLOB NOT NULL, multikey INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS retries (session BLOB PRIMARY KEY, txn TEXT NOT NULL, state BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
    `);
    return db;
  } catch (error) {
    db.close();
    if (error instanceof CommandError) throw error;
    const message = (error as Error).message;
    if (/locked|busy/i.test(message)) {
      throw new Error(
        `The built-in database in ${dir} is in use by another process. Stop that process, or choose another directory.`,
        { cause: error },
      );
    }
    throw cannotOpen(dir, error);
  }
}

function readLayoutVersion(db: DatabaseSync): number {
  const { user_version: found } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (found > LAYOUT_VERSION) throw new Error(`it was written by a newer version (layout ${found})`);
  return LAYOUT_VERSION;
}
