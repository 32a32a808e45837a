import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync, backup } from "node:sqlite";
import { CommandError, databaseDamaged, outOfDiskSpace } from "./errors.ts";

export type StoreOptions = {
  /** Where the files are; without it everything is in memory. */
  dir?: string | undefined;
  /** Beyond this the disk counts as full. */
  maxBytes?: number | undefined;
};

const LAYOUT_VERSION = 1;
const PAGE_BYTES = 4096;
// SQLite's primary error codes. A write that found no room has changed nothing; after the others only a look
// at the file can tell what is true.
const NO_ERROR = 0;
const FULL = 13;
const IO_ERROR_OF_WRITE = 778;
const DAMAGES = new Set([8, 10, 11, 14, 26]);

/** The opened file, and what its errors mean. */
export class Sqlite {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #damage: CommandError | undefined;

  constructor({ dir, maxBytes }: StoreOptions) {
    if (dir !== undefined) mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#db = openDatabase(dir);
    if (maxBytes !== undefined) this.#db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)}`);
  }

  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values) as unknown as Row[];
  }

  /** Returns the number of the row that it inserted. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).lastInsertRowid);
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** Each statement is prepared once. */
  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql, { returnArrays: true });
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** Statements on tables that may be gone, or others of the same name. */
  forgetStatements(): void {
    this.#statements.clear();
  }

  begin(): void {
    if (this.#damage) throw this.#damage;
    this.run("BEGIN IMMEDIATE");
  }

  rollback(): void {
    // SQLite may have taken it back by itself.
    if (this.#db.isTransaction) this.run("ROLLBACK");
  }

  /** What a client is told of an error of SQLite. After damage nothing more is written. */
  failureOf(error: unknown): CommandError {
    if (error instanceof CommandError) return error;
    const code = isSqliteError(error) ? error.errcode & 255 : 0;
    if (!isSqliteError(error) || !(DAMAGES.has(code) || code === FULL))
      return new CommandError(1, `internal error: ${error instanceof Error ? error.message : String(error)}`);
    if (code === FULL || error.errcode === IO_ERROR_OF_WRITE) return outOfDiskSpace();
    if (!this.#damage) console.error((this.#damage = databaseDamaged(error.message)).message);
    return this.#damage;
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

  close(): void {
    this.#db.close();
  }
}

export function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

export function cannotOpen(dir: string | undefined, cause: unknown): Error {
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
    if (!/locked|busy/i.test((error as Error).message)) throw cannotOpen(dir, error);
    throw new Error(
      `The built-in database in ${dir} is in use by another process. Stop that process, or choose another directory.`,
      { cause: error },
    );
  }
}

function readLayoutVersion(db: DatabaseSync): number {
  const { user_version: found } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (found > LAYOUT_VERSION) throw new Error(`it was written by a newer version (layout ${found})`);
  return LAYOUT_VERSION;
}
