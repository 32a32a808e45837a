import { CommandError } from "./errors.ts";
import { EMPTY_ARRAY, encodeCompoundKey } from "./key-encoding.ts";
import { type Filter, compileFilter } from "./match.ts";
import { collectIndexValues, splitPath } from "./paths.ts";
import type { Transaction } from "./transaction.ts";
import { type Doc, type Value, isTruthy, toNumber } from "./values.ts";

export type IndexField = { path: string; parts: readonly string[]; descending: boolean };

/** An index: its definition, and how it turns a document into keys. */
export class Index {
  readonly id: number;
  readonly name: string;
  /** The definition as given, in the form of `listIndexes`. */
  readonly spec: Doc;
  readonly fields: readonly IndexField[];
  readonly descending: readonly boolean[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly partial: Filter | undefined;
  readonly partialSpec: Doc | undefined;
  readonly expireAfterSeconds: number | undefined;
  /** Bit i is set once field i has met an array: then a document may have several keys. */
  multikey: number;
  dropped = false;
  /** Keys that open transactions will write, by the text of the key. Unique indexes only. */
  readonly claims = new Map<string, { owner: Transaction; rid: number }>();
  /** When a commit took a unique key away, as long as an open transaction may still see it there. */
  readonly freed = new Map<string, number>();
  readonly #topFields: ReadonlySet<string>;

  constructor(id: number, spec: Doc, multikey: number) {
    this.id = id;
    this.spec = spec;
    this.multikey = multikey;
    this.name = spec.get("name") as string;
    this.fields = [...(spec.get("key") as Doc)].map(([path, direction]) => ({
      path,
      parts: splitPath(path),
      descending: toNumber(direction)! < 0,
    }));
    this.descending = this.fields.map((field) => field.descending);
    this.unique = this.isIdIndex || isTruthy(spec.get("unique"));
    this.sparse = isTruthy(spec.get("sparse"));
    this.partialSpec = spec.get("partialFilterExpression") as Doc | undefined;
    this.partial = this.partialSpec && compileFilter(this.partialSpec);
    this.expireAfterSeconds = toNumber(spec.get("expireAfterSeconds"));
    this.#topFields = new Set([
      ...this.fields.map((field) => field.parts[0]!),
      ...(this.partialSpec ? topFieldsOf(this.partialSpec) : []),
    ]);
  }

  get isIdIndex(): boolean {
    return this.fields.length === 1 && this.fields[0]!.path === "_id";
  }

  /** Whether a change of these top-level fields can change the keys of a document. */
  dependsOn(topFields: ReadonlySet<string>): boolean {
    for (const field of topFields) if (this.#topFields.has(field)) return true;
    return false;
  }

  /** The keys of a document, without duplicates. Notes arrays that it meets. */
  keysOf(doc: Doc): Buffer[] {
    if (this.partial && !this.partial.test(doc)) return [];
    const columns: (Value | undefined)[][] = [];
    let arrayColumn = -1;
    for (let i = 0; i < this.fields.length; i++) {
      const { parts } = this.fields[i]!;
      const values: (Value | undefined)[] = [];
      if (collectIndexValues(doc, parts, values, EMPTY_ARRAY)) {
        const rival = this.fields[arrayColumn];
        if (rival && rival.parts[0] !== parts[0])
          throw new CommandError(171, `cannot index parallel arrays [${parts.join(".")}] [${rival.path}]`);
        arrayColumn = i;
        this.multikey |= 1 << i;
      }
      columns.push(values);
    }
    if (this.sparse && columns.every((values) => values.every((value) => value === undefined))) return [];
    let rows: (Value | undefined)[][] = [[]];
    for (const values of columns) rows = rows.flatMap((row) => values.map((value) => [...row, value]));
    const keys = rows.map((row) => encodeCompoundKey(row, this.descending));
    if (keys.length === 1) return keys;
    return [...new Map(keys.map((key) => [key.toString("latin1"), key])).values()];
  }
}

function topFieldsOf(query: Doc): string[] {
  return [...query].flatMap(([key, value]) => {
    if (!key.startsWith("$")) return [key.split(".")[0]!];
    return (Array.isArray(value) ? value : [value]).flatMap((part) =>
      part instanceof Map ? topFieldsOf(part) : [],
    );
  });
}

/** An index on its way: writes keep it up to date, no query uses it before it is whole. */
export type IndexBuild = {
  readonly index: Index;
  /** Documents that are in it already, for those who ask how long it takes. */
  done: number;
  /** Keys of a unique index that two documents had at some moment: looked at again in the end. */
  readonly suspects: Map<string, Buffer>;
  readonly finished: Promise<void>;
};

/** A document as it was until commit number `until`; `null` means that it did not exist. */
export type PastVersion = { until: number; bytes: Uint8Array | null };

export class Collection {
  readonly id: number;
  readonly database: string;
  readonly name: string;
  indexes: Index[] = [];
  build: IndexBuild | undefined;
  nextRid = 1;
  /** Documents that an open transaction has changed. */
  readonly claims = new Map<number, Transaction>();
  /** Replaced versions that the snapshot of an open transaction may still need, oldest first. */
  readonly history = new Map<number, PastVersion[]>();
  /** Counts committed changes, so that a scan notices what happened while it paused. */
  changes = 0;
  /** How many documents make about a megabyte: the size of a read. */
  chunk = 16;
  dropped = false;

  constructor(id: number, database: string, name: string) {
    this.id = id;
    this.database = database;
    this.name = name;
  }

  get namespace(): string {
    return `${this.database}.${this.name}`;
  }

  get idIndex(): Index {
    return this.indexes[0]!;
  }
}
