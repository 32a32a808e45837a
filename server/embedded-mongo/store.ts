import { decode, encode } from "./bson-codec.ts";
import { Collection, Index } from "./catalog.ts";
import type { CommandError } from "./errors.ts";
import { Sqlite, type StoreOptions, cannotOpen } from "./sqlite.ts";
import type { Doc, Value } from "./values.ts";

export type Row = [key: Uint8Array, rid: number, bytes: Uint8Array];

// In the saved multikey bits: the index has not all entries yet.
const UNFINISHED = 2 ** 40;

/**
 * What is on disk: documents as BSON, index entries as ordered byte strings, retry records. All writes of one
 * turn of the event loop are one SQLite transaction; what must not leave before it is safe waits in `afterCommit`.
 */
export class Store {
  readonly collections = new Map<string, Collection>();
  /** Told when a turn's writes were taken back: whatever memory knows of them is wrong then. */
  onRollback: () => void = () => undefined;
  /** How often a turn was taken back: an answer that was prepared before is not true any more. */
  rollbacks = 0;
  readonly #sqlite: Sqlite;
  #writing = false;
  #waiting: ((failure?: CommandError) => void)[] = [];

  constructor(options: StoreOptions = {}) {
    this.#sqlite = new Sqlite(options);
    try {
      // A build that was interrupted was never acknowledged: whoever wanted the index asks again.
      for (const [id] of this.#sqlite.all<[number]>("SELECT id FROM indexes WHERE multikey >= ?", UNFINISHED))
        this.#removeIndex(id);
      this.#load();
    } catch (error) {
      this.#sqlite.close();
      throw cannotOpen(options.dir, error);
    }
  }

  #load(): void {
    const collections = this.#sqlite.all<[number, string, string]>("SELECT id, db, name FROM collections");
    for (const [id, database, name] of collections) {
      const collection = new Collection(id, database, name);
      const indexes = this.#sqlite.all<[number, Uint8Array, number]>(
        "SELECT id, spec, multikey FROM indexes WHERE collection = ? AND multikey < ? ORDER BY id",
        id,
        UNFINISHED,
      );
      collection.indexes = indexes.map(([own, spec, multikey]) => new Index(own, decode(spec), multikey));
      const [last] = this.#sqlite.get<[number | null]>(`SELECT max(rid) FROM docs_${id}`)!;
      collection.nextRid = (last ?? 0) + 1;
      this.collections.set(collection.namespace, collection);
    }
  }

  /** Opens the SQLite transaction of this turn, to be committed when the turn ends. */
  startWriting(): void {
    if (this.#writing) return;
    this.#sqlite.begin();
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
      this.#sqlite.run("COMMIT");
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
    const failure = this.#sqlite.failureOf(error);
    if (!this.#writing) return failure;
    this.#writing = false;
    this.rollbacks++;
    this.#sqlite.rollback();
    for (const collection of this.collections.values()) collection.dropped = true;
    this.collections.clear();
    this.#sqlite.forgetStatements();
    this.#load();
    this.onRollback();
    this.#tell(failure);
    return failure;
  }

  close(): void {
    this.commit();
    this.#sqlite.close();
  }

  copyTo(path: string): Promise<void> {
    return this.#sqlite.copyTo(path);
  }

  collection(namespace: string): Collection | undefined {
    return this.collections.get(namespace);
  }

  createCollection(database: string, name: string): Collection {
    this.startWriting();
    const id = this.#sqlite.run(
      "INSERT INTO collections (db, name, options) VALUES (?, ?, ?)",
      ...[database, name, encode({})],
    );
    const collection = new Collection(id, database, name);
    this.#sqlite.exec(`CREATE TABLE docs_${id} (rid INTEGER PRIMARY KEY, doc BLOB NOT NULL)`);
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
    this.#sqlite.exec(`DROP TABLE docs_${collection.id}`);
    this.#sqlite.run("DELETE FROM collections WHERE id = ?", collection.id);
    this.collections.delete(collection.namespace);
    collection.dropped = true;
  }

  /** An index without entries, which belongs to the collection only when it is finished. */
  startIndex(collection: Collection, spec: Doc): Index {
    this.startWriting();
    const id = this.#sqlite.run(
      "INSERT INTO indexes (collection, spec, multikey) VALUES (?, ?, ?)",
      ...[collection.id, encode(spec), UNFINISHED],
    );
    this.#sqlite.exec(
      `CREATE TABLE entries_${id} (k BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (k, rid)) WITHOUT ROWID`,
    );
    return new Index(id, spec, 0);
  }

  finishIndex(collection: Collection, index: Index): void {
    collection.indexes.push(index);
    this.saveIndex(index);
  }

  dropIndex(collection: Collection, index: Index): void {
    this.startWriting();
    this.#removeIndex(index.id);
    index.dropped = true;
    collection.indexes = collection.indexes.filter((other) => other !== index);
  }

  #removeIndex(id: number): void {
    this.#sqlite.exec(`DROP TABLE entries_${id}`);
    this.#sqlite.run("DELETE FROM indexes WHERE id = ?", id);
    this.#sqlite.forgetStatements();
  }

  saveIndex(index: Index): void {
    this.startWriting();
    this.#sqlite.run("UPDATE indexes SET multikey = ? WHERE id = ?", index.multikey, index.id);
  }

  readDocument(collection: Collection, rid: number): Uint8Array | undefined {
    return this.#sqlite.get<[Uint8Array]>(`SELECT doc FROM docs_${collection.id} WHERE rid = ?`, rid)?.[0];
  }

  putDocument(collection: Collection, rid: number, bytes: Uint8Array): void {
    this.#sqlite.run(`INSERT OR REPLACE INTO docs_${collection.id} (rid, doc) VALUES (?, ?)`, rid, bytes);
  }

  deleteDocument(collection: Collection, rid: number): void {
    this.#sqlite.run(`DELETE FROM docs_${collection.id} WHERE rid = ?`, rid);
  }

  /** Documents after (or, backward, before) a row number, in order of insertion. */
  readDocuments({ id }: Collection, from: number, backward: boolean, limit: number): [number, Uint8Array][] {
    const condition = backward ? "rid < ? ORDER BY rid DESC" : "rid > ? ORDER BY rid";
    return this.#sqlite.all(`SELECT rid, doc FROM docs_${id} WHERE ${condition} LIMIT ?`, from, limit);
  }

  countDocuments(collection: Collection): number {
    // The entries take a small part of the room that the documents take.
    return this.#sqlite.get<[number]>(`SELECT count(*) FROM entries_${collection.idIndex.id}`)![0];
  }

  /** Documents between two keys, beyond a position, in the order of the index. */
  readEntries(
    collection: Collection,
    index: Index,
    { low, high }: { low: Uint8Array; high: Uint8Array },
    backward: boolean,
    from: { key: Uint8Array; rid: number },
    limit: number,
  ): Row[] {
    const read = `SELECT e.k, e.rid, d.doc FROM ${entriesOf(collection, index)}`;
    return backward
      ? this.#sqlite.all(
          `${read} WHERE e.k >= ? AND (e.k, e.rid) < (?, ?) ORDER BY e.k DESC, e.rid DESC LIMIT ?`,
          ...[low, from.key, from.rid, limit],
        )
      : this.#sqlite.all(
          `${read} WHERE (e.k, e.rid) > (?, ?) AND e.k < ? ORDER BY e.k, e.rid LIMIT ?`,
          ...[from.key, from.rid, high, limit],
        );
  }

  countEntries(index: Index, low: Uint8Array, high: Uint8Array): number {
    const sql = `SELECT count(*) FROM entries_${index.id} WHERE k >= ? AND k < ?`;
    return this.#sqlite.get<[number]>(sql, low, high)![0];
  }

  /** The document that has this key of a unique index. */
  readByKey(collection: Collection, index: Index, key: Uint8Array): [number, Uint8Array] | undefined {
    return this.#sqlite.get(`SELECT e.rid, d.doc FROM ${entriesOf(collection, index)} WHERE e.k = ?`, key);
  }

  /** The documents that have exactly this key. */
  ridsOfKey(index: Index, key: Uint8Array): number[] {
    const rows = this.#sqlite.all<[number]>(`SELECT rid FROM entries_${index.id} WHERE k = ?`, key);
    return rows.map(([rid]) => rid);
  }

  addEntry({ build }: Collection, index: Index, key: Uint8Array, rid: number): void {
    const mayCollide = index.unique && build?.index === index;
    if (mayCollide && this.ridsOfKey(index, key).some((other) => other !== rid))
      build.suspects.set(Buffer.from(key).toString("latin1"), Buffer.from(key));
    this.#sqlite.run(`INSERT OR IGNORE INTO entries_${index.id} (k, rid) VALUES (?, ?)`, key, rid);
  }

  removeEntry(index: Index, key: Uint8Array, rid: number): void {
    this.#sqlite.run(`DELETE FROM entries_${index.id} WHERE k = ? AND rid = ?`, key, rid);
  }

  readRetryRecord(session: Uint8Array): { txn: bigint; state: Uint8Array } | undefined {
    const sql = "SELECT txn, state FROM retries WHERE session = ?";
    const row = this.#sqlite.get<[string, Uint8Array]>(sql, session);
    return row && { txn: BigInt(row[0]), state: row[1] };
  }

  saveRetryRecord(session: Uint8Array, txn: bigint, state: Uint8Array): void {
    this.startWriting();
    this.#sqlite.run(
      "INSERT OR REPLACE INTO retries (session, txn, state, at) VALUES (?, ?, ?, ?)",
      ...[session, String(txn), state, Date.now()],
    );
  }

  deleteRetryRecordsBefore(time: number): void {
    this.startWriting();
    this.#sqlite.run("DELETE FROM retries WHERE at < ?", time);
  }
}

/** The index first: SQLite must not choose to go through the documents. */
function entriesOf(collection: Collection, index: Index): string {
  return `entries_${index.id} e CROSS JOIN docs_${collection.id} d ON d.rid = e.rid`;
}
