import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { decode, encode } from "./bson-codec.ts";
import { Collection, Index } from "./catalog.ts";
import { CommandError } from "./errors.ts";
import type { Doc } from "./values.ts";

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

/**
 * The SQLite file: documents as BSON, index entries as ordered byte strings, retry records. All writes of one
 * turn of the event loop are one SQLite transaction; what must not leave before it is safe waits in `afterCommit`.
 */
export class Store {
  readonly #db: DatabaseSync;
  readonly collections = new Map<string, Collection>();
  readonly #collectionStatements = new Map<number, CollectionStatements>();
  readonly #indexStatements = new Map<number, IndexStatements>();
  readonly #commit: StatementSync;
  readonly #begin: StatementSync;
  readonly #getRetry: StatementSync;
  readonly #putRetry: StatementSync;
  #writing = false;
  #waiting: ((failure?: Error) => void)[] = [];

  constructor(dir: string | undefined) {
    if (dir !== undefined) mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#db = openDatabase(dir);
    this.#begin = this.#db.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#db.prepare("COMMIT");
    this.#getRetry = this.#prepare("SELECT txn, state FROM retries WHERE session = ?");
    this.#putRetry = this.#db.prepare(
      "INSERT OR REPLACE INTO retries (session, txn, state, at) VALUES (?, ?, ?, ?)",
    );
    this.#load();
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
        collection.indexes.push(new Index(indexId, decode(spec), multikey));
      }
      const [last] = this.#prepare(`SELECT max(rid) FROM docs_${id}`).get() as unknown as [number | null];
      collection.nextRid = (last ?? 0) + 1;
      this.collections.set(collection.namespace, collection);
    }
  }

  /** Opens the SQLite transaction of this turn, to be committed when the turn ends. */
  startWriting(): void {
    if (this.#writing) return;
    this.#begin.run();
    this.#writing = true;
    setImmediate(() => this.commit());
  }

  /** Runs `done` when everything written so far is safe; at once when nothing is pending. */
  afterCommit(done: (failure?: Error) => void): void {
    if (this.#writing) this.#waiting.push(done);
    else done();
  }

  commit(): void {
    if (!this.#writing) return;
    this.#writing = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    let failure: Error | undefined;
    try {
      this.#commit.run();
    } catch (error) {
      failure = error as Error;
    }
    for (const done of waiting) done(failure);
    // What is in memory no longer matches the file; only a restart can tell what is true.
    if (failure) throw failure;
  }

  close(): void {
    this.commit();
    this.#db.close();
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
    this.createIndex(
      collection,
      new Map<string, never>([
        ["v", 2 as never],
        ["key", new Map([["_id", 1]]) as never],
        ["name", "_id_" as never],
      ]),
    );
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

  createIndex(collection: Collection, spec: Doc): Index {
    this.startWriting();
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO indexes (collection, spec, multikey) VALUES (?, ?, 0)")
      .run(collection.id, encode(spec));
    const index = new Index(Number(lastInsertRowid), spec, 0);
    this.#db.exec(
      `CREATE TABLE entries_${index.id} (k BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (k, rid)) WITHOUT ROWID`,
    );
    collection.indexes.push(index);
    return index;
  }

  dropIndex(collection: Collection, index: Index): void {
    this.startWriting();
    this.#db.exec(`DROP TABLE entries_${index.id}`);
    this.#db.prepare("DELETE FROM indexes WHERE id = ?").run(index.id);
    this.#indexStatements.delete(index.id);
    collection.indexes = collection.indexes.filter((other) => other !== index);
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

function openDatabase(dir: string | undefined): DatabaseSync {
  const db = new DatabaseSync(dir === undefined ? ":memory:" : join(dir, "data.sqlite"), { timeout: 0 });
  try {
    db.exec(`
      PRAGMA page_size = 4096;
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
    throw new Error(`The built-in database in ${dir} cannot be opened: ${message}`, { cause: error });
  }
}

function readLayoutVersion(db: DatabaseSync): number {
  const { user_version: found } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (found > LAYOUT_VERSION) throw new Error(`it was written by a newer version (layout ${found})`);
  return LAYOUT_VERSION;
}
