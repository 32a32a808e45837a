import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { Binary, Long, MongoClient } from "mongodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask } from "./raw-client.ts";

const ROUNDS = 6;
const WRITERS = 12;
const MAIN = new URL("../../server/embedded-mongo/main.ts", import.meta.url).pathname;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dmt-data-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function startProcess(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN, "--dir", dir], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, url: line.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

type Entry = { _id: string; key: string; round: number };
type Account = { _id: string; balance: number };

test("what was acknowledged is there after kill -9, whole transactions only, and unique keys stay unique", async () => {
  const acknowledged = new Set<string>();
  let sequence = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { child, url } = await startProcess();
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 300 });
    const db = client.db("safe");
    const entries = db.collection<Entry>("entries");
    const accounts = db.collection<Account>("accounts");
    await entries.createIndex({ key: 1 }, { unique: true });
    if (round === 0)
      await accounts.insertMany([
        { _id: "a", balance: 0 },
        { _id: "b", balance: 0 },
      ]);
    let isKilled = false;
    const write = async (writer: number): Promise<void> => {
      while (!isKilled) {
        const id = `${round}-${writer}-${sequence++}`;
        if (writer % 4 > 0) await entries.insertOne({ _id: id, key: `k${id}`, round });
        else {
          await client.withSession((session) =>
            session.withTransaction(async () => {
              await accounts.updateOne({ _id: "a" }, { $inc: { balance: -1 } }, { session });
              await accounts.updateOne({ _id: "b" }, { $inc: { balance: 1 } }, { session });
              await entries.insertOne({ _id: id, key: `k${id}`, round }, { session });
            }),
          );
        }
        acknowledged.add(id);
      }
    };
    // A writer ends with the error of the write that was under way.
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer).catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, 60 + round * 23));
    await kill(child);
    isKilled = true;
    await Promise.all(writers);
    await client.close();
  }

  const mongo = await startEmbeddedMongo({ dir });
  const client = await MongoClient.connect(mongo.url);
  try {
    const entries = client.db("safe").collection<Entry>("entries");
    const found = await entries.find({}).hint({ $natural: 1 }).toArray();
    const ids = new Set(found.map(({ _id }) => _id));
    expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
    const byIndex = await entries.find({}).hint("key_1").toArray();
    expect(byIndex.map(({ key }) => key)).toEqual(found.map(({ key }) => key).sort());
    const accounts = await client
      .db("safe")
      .collection<Account>("accounts")
      .find({})
      .sort({ _id: 1 })
      .toArray();
    const transfers = found.filter(({ _id }) => Number(_id.split("-")[1]) % 4 === 0).length;
    expect(accounts).toEqual([
      { _id: "a", balance: transfers === 0 ? 0 : -transfers },
      { _id: "b", balance: transfers },
    ]);
    expect(acknowledged.size).toBeGreaterThan(100);
  } finally {
    await client.close();
    await mongo.stop();
  }
}, 40_000);

test("a write that comes again after kill -9 is not done again", async () => {
  const lsid = { id: new Binary(Buffer.alloc(16, 9), 4) };
  const increment = {
    update: "n",
    updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true }],
    lsid,
    txnNumber: Long.fromNumber(4),
    writeConcern: { w: 1, j: true },
  };
  const first = await startProcess();
  const answer = await ask(first.url, increment);
  await kill(first.child);
  const second = await startProcess();
  const again = await ask(second.url, increment);
  expect({ ...again, $clusterTime: 0, operationTime: 0 }).toEqual({
    ...answer,
    $clusterTime: 0,
    operationTime: 0,
  });
  expect(await ask(second.url, { find: "n", filter: {} })).toMatchObject({
    cursor: { firstBatch: [{ _id: 1, n: 1 }] },
  });
  await kill(second.child);
});

test("a commit that is repeated after kill -9 is still a commit, and an unknown one is not", async () => {
  const lsid = { id: new Binary(Buffer.alloc(16, 8), 4) };
  const inTransaction = { lsid, txnNumber: Long.fromNumber(1), autocommit: false };
  const first = await startProcess();
  await ask(first.url, { insert: "t", documents: [{ _id: 1 }] });
  await ask(first.url, { insert: "t", documents: [{ _id: 2 }], startTransaction: true, ...inTransaction });
  expect(await ask(first.url, { commitTransaction: 1, ...inTransaction })).toMatchObject({ ok: 1 });
  await ask(first.url, {
    insert: "t",
    documents: [{ _id: 3 }],
    startTransaction: true,
    ...inTransaction,
    txnNumber: Long.fromNumber(2),
  });
  await kill(first.child);
  const second = await startProcess();
  expect(await ask(second.url, { commitTransaction: 1, ...inTransaction })).toMatchObject({ ok: 1 });
  expect(
    await ask(second.url, { commitTransaction: 1, ...inTransaction, txnNumber: Long.fromNumber(2) }),
  ).toMatchObject({ code: 251 });
  expect(await ask(second.url, { distinct: "t", key: "_id" })).toMatchObject({ values: [1, 2] });
  await kill(second.child);
});

test("a directory has one owner at a time, and can be opened again when that one has gone", async () => {
  const first = await startEmbeddedMongo({ dir });
  await expect(startEmbeddedMongo({ dir })).rejects.toThrow("is in use by another process");
  const client = await MongoClient.connect(first.url);
  await client.db("x").collection("a").insertOne({ n: 1 });
  await client.close();
  await first.stop();
  const second = await startEmbeddedMongo({ dir });
  const again = await MongoClient.connect(second.url);
  expect(await again.db("x").collection("a").countDocuments({ n: 1 })).toBe(1);
  await again.close();
  await second.stop();
});
