import { Binary, type Document, Long } from "bson";
import { type InnerClient, anInnerClient } from "./inner-client.ts";
import { type Random, aRandom } from "./random.ts";

const IDS = 30;
const KEYS = [..."abcdefghijkl"];
const MAX_OPEN = 5;

type Row = { _id: number; n: number; k?: string; tags: number[] };
type State = Map<number, Row>;

/** What a transaction has to see and what it has written, beside the real one. */
type Model = {
  lsid: Document;
  txnNumber: Long;
  started: boolean;
  begun: number;
  state: State;
  written: Set<number>;
  /** Keys that it has given or taken. */
  keys: Set<string>;
};

export type IsolationResult = { checks: number; commits: number; conflicts: number; mismatches: string[] };

/** Random overlapping transactions and plain writes, each step compared with a model of snapshots. */
export async function runIsolation(options: { checks: number; seed: number }): Promise<IsolationResult> {
  const run = new IsolationRun(options.seed);
  await run.prepare();
  while (run.result.checks < options.checks && run.result.mismatches.length === 0) await run.step();
  await run.finish();
  return run.result;
}

class IsolationRun {
  readonly result: IsolationResult = { checks: 0, commits: 0, conflicts: 0, mismatches: [] };
  readonly #client: InnerClient = anInnerClient();
  readonly #random: Random;
  readonly #committed: State = new Map();
  /** At which commit each row changed last. */
  readonly #changedAt = new Map<number, number>();
  /** At which commit each key was given or taken last. */
  readonly #keyChangedAt = new Map<string, number>();
  #commit = 0;
  #steps = 0;
  /** What committed transactions have added to the counter. */
  #counted = 0;
  #open: Model[] = [];

  constructor(seed: number) {
    this.#random = aRandom(seed);
  }

  async prepare(): Promise<void> {
    const indexes = [
      { key: { n: 1, _id: 1 }, name: "n" },
      { key: { tags: 1 }, name: "tags" },
      { key: { k: 1 }, name: "k", unique: true, sparse: true },
    ];
    await this.#client.ask({ createIndexes: "rows", indexes });
    await this.#client.ask({ insert: "counters", documents: [{ _id: 1, n: 0 }] });
  }

  async step(): Promise<void> {
    this.#steps++;
    if (this.#open.length < MAX_OPEN && this.#random(4) === 0) await this.#begin();
    const model = this.#open[this.#random(this.#open.length + 1)];
    await this.#look(model);
    if (model && this.#random(6) === 0) await this.#end(model);
    else await this.#write(model);
    if (this.#steps % 200 === 0) await this.#validate();
  }

  async #begin(): Promise<void> {
    const model: Model = {
      lsid: { id: new Binary(Buffer.from(String(this.#steps).padStart(16, "0")), 4) },
      txnNumber: Long.fromNumber(1),
      started: false,
      begun: this.#commit,
      state: new Map(structuredClone([...this.#committed])),
      written: new Set(),
      keys: new Set(),
    };
    this.#open.push(model);
    // The snapshot is taken by the first command.
    await this.#ask({ find: "rows", filter: { _id: -1 } }, model);
  }

  async #ask(command: Document, model: Model | undefined): Promise<Document> {
    if (!model) return this.#client.ask(command);
    const start = model.started ? {} : { startTransaction: true };
    model.started = true;
    return this.#client.ask({
      ...command,
      lsid: model.lsid,
      txnNumber: model.txnNumber,
      autocommit: false,
      ...start,
    });
  }

  #expect(actual: unknown, expected: unknown, what: string): void {
    this.result.checks++;
    const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (found !== wanted)
      this.result.mismatches.push(`step ${this.#steps}, ${what}: ${found} instead of ${wanted}`);
  }

  async #find(command: Document, model: Model | undefined): Promise<Row[]> {
    const reply = await this.#ask({ find: "rows", ...command }, model);
    return (reply["cursor"] as { firstBatch: Row[] } | undefined)?.firstBatch ?? [];
  }

  /** By four ways: the order of an index, a multikey index, a unique key, and without any. */
  async #look(model: Model | undefined): Promise<void> {
    const rows = [...(model?.state ?? this.#committed).values()].sort((a, b) => a._id - b._id);
    const low = this.#random(10);
    const byN = await this.#find({ filter: { n: { $gte: low } }, sort: { n: 1, _id: 1 }, hint: "n" }, model);
    const expected = rows.filter(({ n }) => n >= low).sort((a, b) => a.n - b.n || a._id - b._id);
    this.#expect(byN, expected, `n >= ${low}`);
    const tag = this.#random(4);
    const byTag = await this.#find({ filter: { tags: tag }, sort: { _id: 1 }, hint: "tags" }, model);
    this.#expect(
      byTag,
      rows.filter(({ tags }) => tags.includes(tag)),
      `tag ${tag}`,
    );
    const k = KEYS[this.#random(KEYS.length)]!;
    this.#expect(
      await this.#find({ filter: { k } }, model),
      rows.filter((row) => row.k === k),
      `key ${k}`,
    );
    const all = await this.#find({ filter: {}, sort: { _id: 1 }, hint: { $natural: 1 } }, model);
    this.#expect(all, rows, "all");
  }

  async #write(model: Model | undefined): Promise<void> {
    const _id = this.#random(IDS);
    const state = model?.state ?? this.#committed;
    const others = this.#open.filter((other) => other !== model);
    const isHeld = others.some(({ written }) => written.has(_id));
    const next = this.#nextRow(state.get(_id), _id);
    const key = next?.k;
    const isKeyOpen = key !== undefined && others.some((other) => other.keys.has(key));
    // A plain write of what others hold would wait for them.
    if (!model && (isHeld || isKeyOpen)) return;
    const isKeyTaken =
      key !== undefined && [...state.values()].some((row) => row.k === key && row._id !== _id);
    const isKeyNew = model && key !== undefined && (this.#keyChangedAt.get(key) ?? 0) > model.begun;
    const isChanged = model && !model.written.has(_id) && (this.#changedAt.get(_id) ?? 0) > model.begun;
    const reply = await this.#ask(commandFor(state.get(_id), next, _id), model);
    const code = codeOf(reply);
    // An insertion may meet a taken key before it meets the other transaction.
    if ((isHeld || isChanged) && (state.has(_id) || !isKeyTaken))
      this.#expect(code, 112, `write of ${_id}, which another has written`);
    else if (isHeld || isChanged)
      this.#expect([112, 11000].includes(code), true, `insertion of ${_id} with a taken key`);
    else if (isKeyTaken && !isKeyOpen && !isKeyNew) this.#expect(code, 11000, `key ${key} twice`);
    else if (!isKeyTaken && !isKeyOpen && !isKeyNew) this.#expect(code, 0, `write of ${_id}`);
    else this.#expect([0, 112, 11000].includes(code), true, `write of ${_id} with a contested key`);
    if (code !== 0) {
      this.result.conflicts++;
      // Any error has ended the transaction on the server.
      if (model) this.#open = others;
      return;
    }
    if (!model) this.#commit++;
    if (!model) this.#settle(_id, next);
    else {
      model.written.add(_id);
      for (const k of [state.get(_id)?.k, key]) if (k) model.keys.add(k);
      if (next) state.set(_id, next);
      else state.delete(_id);
    }
  }

  #nextRow(row: Row | undefined, _id: number): Row | undefined {
    if (row && this.#random(4) === 0) return undefined;
    const k = this.#random(2) === 0 ? {} : { k: KEYS[this.#random(KEYS.length)]! };
    const tags = Array.from({ length: this.#random(3) }, () => this.#random(4));
    // Always another value: an update that changes nothing is no write, and conflicts with nobody.
    return { _id, n: ((row?.n ?? 0) + 1 + this.#random(9)) % 10, ...k, tags };
  }

  async #end(model: Model): Promise<void> {
    this.#open = this.#open.filter((other) => other !== model);
    if (this.#random(3) === 0) {
      this.#expect((await this.#ask({ abortTransaction: 1 }, model))["ok"], 1, "abort");
      return;
    }
    const counting = this.#random(3) === 0;
    const increment = { update: "counters", updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }] };
    if (counting && codeOf(await this.#ask(increment, model)) !== 0) return;
    this.#expect((await this.#ask({ commitTransaction: 1 }, model))["ok"], 1, "commit");
    if (model.written.size > 0 || counting) this.#commit++;
    if (counting) this.#counted++;
    this.result.commits++;
    for (const _id of model.written) {
      const row = model.state.get(_id);
      if (row || this.#committed.has(_id)) this.#settle(_id, row);
    }
  }

  #settle(_id: number, row: Row | undefined): void {
    for (const k of [this.#committed.get(_id)?.k, row?.k]) if (k) this.#keyChangedAt.set(k, this.#commit);
    this.#changedAt.set(_id, this.#commit);
    if (row) this.#committed.set(_id, row);
    else this.#committed.delete(_id);
  }

  async #validate(): Promise<void> {
    const { valid, errors } = await this.#client.ask({ validate: "rows" });
    this.#expect([valid, errors], [true, []], "index contents");
    const counter = await this.#client.ask({ find: "counters", filter: {} });
    this.#expect((counter["cursor"] as Document)["firstBatch"], [{ _id: 1, n: this.#counted }], "counter");
  }

  async finish(): Promise<void> {
    for (const model of this.#open) await this.#ask({ abortTransaction: 1 }, model);
    this.#open = [];
    await this.#look(undefined);
    await this.#validate();
    this.#expect(this.#client.instance.engine.openTransactions, 0, "open transactions");
    this.#client.instance.engine.store.close();
  }
}

function commandFor(row: Row | undefined, next: Row | undefined, _id: number): Document {
  if (!row) return { insert: "rows", documents: [next!] };
  if (!next) return { delete: "rows", deletes: [{ q: { _id }, limit: 1 }] };
  return { update: "rows", updates: [{ q: { _id }, u: next }] };
}

function codeOf(reply: Document): number {
  const [error] = (reply["writeErrors"] as { code: number }[] | undefined) ?? [];
  return error?.code ?? (reply["code"] as number | undefined) ?? 0;
}
