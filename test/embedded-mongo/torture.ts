import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type Db, MongoClient } from "mongodb";
import { type Random, aRandom } from "./random.ts";

const MAIN = new URL("../../server/embedded-mongo/main.ts", import.meta.url).pathname;
const WRITERS = 12;
const COUNTERS = 5;
// Each check reads everything that was ever written.
const CHECK_EVERY = 5;

type Entry = { _id: string; key: string; text: string };
type Account = { _id: string; balance: number };
type Counter = { _id: number; n: number };

export type TortureResult = {
  rounds: number;
  acknowledged: number;
  checks: number;
  /** One sentence for each thing that is not as it was acknowledged. */
  faults: string[];
};

/** A server process of its own on a directory, so that it can be killed. */
export async function startProcess(dir: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN, "--dir", dir], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, url: line.toString().trim() };
}

export async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** What clients were told; what was under way at the moment of the kill may be there or not. */
class Ledger {
  /** Of every id that must or must not be there. Those of unanswered writes are left out. */
  readonly entries = new Map<string, "there" | "deleted">();
  /** What each counter has at least, and at most. */
  readonly least = new Array<number>(COUNTERS).fill(0);
  readonly most = new Array<number>(COUNTERS).fill(0);
  acknowledged = 0;
  sequence = 0;
}

/** Kills the server again and again under load and compares what is left with what was acknowledged. */
export async function runTorture(options: {
  dir: string;
  rounds: number;
  seed: number;
  report?: (text: string) => void;
}): Promise<TortureResult> {
  const random = aRandom(options.seed);
  const ledger = new Ledger();
  const result: TortureResult = { rounds: 0, acknowledged: 0, checks: 0, faults: [] };
  for (; result.rounds < options.rounds; result.rounds++) {
    const { child, url } = await startProcess(options.dir);
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 500 });
    const db = client.db("safe");
    if (result.rounds === 0) await prepare(db);
    else if (result.rounds % CHECK_EVERY === 0) await check(db, ledger, result);
    let answered!: () => void;
    const firstAnswer = new Promise<void>((resolve) => (answered = resolve));
    const state = { isKilled: false, answered };
    // A writer ends with the error of the write that was under way.
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      write(client, ledger, random, { writer, state }).catch(() => undefined),
    );
    // Mostly in the middle of the load, sometimes while it begins.
    if (random(5) > 0) await Promise.race([firstAnswer, delay(5000)]);
    await delay(random(300));
    await kill(child);
    state.isKilled = true;
    await Promise.all(writers);
    await client.close();
    if ((result.rounds + 1) % 25 === 0)
      options.report?.(
        `${result.rounds + 1} kills, ${ledger.acknowledged} acknowledged writes, ${result.faults.length} faults`,
      );
  }
  const { child, url } = await startProcess(options.dir);
  const client = new MongoClient(url);
  await check(client.db("safe"), ledger, result);
  await client.close();
  await kill(child);
  result.acknowledged = ledger.acknowledged;
  return result;
}

async function prepare(db: Db): Promise<void> {
  await db.collection<Entry>("entries").createIndex({ key: 1 }, { unique: true });
  await db.collection<Account>("accounts").insertMany(["a", "b"].map((_id) => ({ _id, balance: 0 })));
  const counters = Array.from({ length: COUNTERS }, (_, _id) => ({ _id, n: 0 }));
  await db.collection<Counter>("counters").insertMany(counters);
}

async function write(
  client: MongoClient,
  ledger: Ledger,
  random: Random,
  { writer, state }: { writer: number; state: { isKilled: boolean; answered: () => void } },
): Promise<void> {
  const db = client.db("safe");
  const acts = [insertOne, insertOne, insertMany, transfer, increment, insertAndDelete];
  const act = writer === 0 ? defineIndexes : acts[writer % acts.length]!;
  while (!state.isKilled) {
    await act(db, ledger, random);
    ledger.acknowledged++;
    state.answered();
  }
}

function anEntry(ledger: Ledger, random: Random, kind = "e"): Entry {
  const _id = `${kind}${ledger.sequence++}`;
  return { _id, key: `k-${_id}`, text: "x".repeat(random(2500)) };
}

async function insertOne(db: Db, ledger: Ledger, random: Random): Promise<void> {
  const entry = anEntry(ledger, random);
  await db.collection<Entry>("entries").insertOne(entry, { writeConcern: { w: 1, j: true } });
  ledger.entries.set(entry._id, "there");
}

async function insertMany(db: Db, ledger: Ledger, random: Random): Promise<void> {
  const entries = Array.from({ length: 1 + random(20) }, () => anEntry(ledger, random));
  await db.collection<Entry>("entries").insertMany(entries);
  for (const { _id } of entries) ledger.entries.set(_id, "there");
}

async function insertAndDelete(db: Db, ledger: Ledger, random: Random): Promise<void> {
  const entry = anEntry(ledger, random);
  await db.collection<Entry>("entries").insertOne(entry);
  ledger.entries.set(entry._id, "there");
  const deletion = db.collection<Entry>("entries").deleteOne({ key: entry.key });
  ledger.entries.delete(entry._id);
  await deletion;
  ledger.entries.set(entry._id, "deleted");
}

async function transfer(db: Db, ledger: Ledger, random: Random): Promise<void> {
  const entry = anEntry(ledger, random, "t");
  await db.client.withSession((session) =>
    session.withTransaction(async () => {
      await db
        .collection<Account>("accounts")
        .updateOne({ _id: "a" }, { $inc: { balance: -1 } }, { session });
      await db.collection<Account>("accounts").updateOne({ _id: "b" }, { $inc: { balance: 1 } }, { session });
      await db.collection<Entry>("entries").insertOne(entry, { session });
    }),
  );
  ledger.entries.set(entry._id, "there");
}

async function increment(db: Db, ledger: Ledger, random: Random): Promise<void> {
  const _id = random(COUNTERS);
  ledger.most[_id]!++;
  await db.collection<Counter>("counters").findOneAndUpdate({ _id }, { $inc: { n: 1 } });
  ledger.least[_id]!++;
}

async function defineIndexes(db: Db): Promise<void> {
  await db.collection("entries").createIndex({ text: 1 }, { name: "text" });
  await db.collection("entries").dropIndex("text");
}

async function check(db: Db, ledger: Ledger, result: TortureResult): Promise<void> {
  const expectThat = (isSo: boolean, fault: string) => {
    result.checks++;
    if (!isSo) result.faults.push(`round ${result.rounds}: ${fault}`);
  };
  const collection = db.collection<Entry>("entries");
  const all = await collection
    .find({}, { projection: { key: 1 } })
    .hint({ $natural: 1 })
    .toArray();
  const found = new Set(all.map(({ _id }) => _id));
  for (const [_id, state] of ledger.entries)
    expectThat(found.has(_id) === (state === "there"), `${_id} is not ${state}`);
  const byKey = (
    await collection
      .find({}, { projection: { key: 1 } })
      .hint("key_1")
      .toArray()
  ).map(({ key }) => key);
  const keys = new Set(byKey);
  expectThat(keys.size === byKey.length, "the unique index has a key twice");
  expectThat(keys.size === found.size, "the unique index and the collection differ in number");
  for (const { _id, key } of all) expectThat(keys.has(key), `${_id} is missing in the unique index`);
  const accounts = await db.collection<Account>("accounts").find({}).sort({ _id: 1 }).toArray();
  const transfers = all.filter(({ _id }) => _id.startsWith("t")).length;
  expectThat(
    accounts[0]!.balance + transfers === 0 && accounts[1]!.balance === transfers,
    "a transaction is there in part",
  );
  for (const { _id, n } of await db.collection<Counter>("counters").find({}).toArray()) {
    expectThat(n >= ledger.least[_id]!, `counter ${_id} has lost an acknowledged step`);
    expectThat(n <= ledger.most[_id]!, `counter ${_id} has counted a step twice`);
    // What was under way at the kill is known now.
    ledger.least[_id] = ledger.most[_id] = n;
  }
  const { valid, errors } = await db.command({ validate: "entries" });
  expectThat(valid === true, `validation says ${JSON.stringify(errors)}`);
}
