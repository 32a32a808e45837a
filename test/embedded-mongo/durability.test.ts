import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { Binary, Long, MongoClient } from "mongodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask } from "./raw-client.ts";
import { kill, runTorture, startProcess } from "./torture.ts";

const ROUNDS = 15;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dmt-data-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

test("what was acknowledged is there after kill -9, whole transactions only, and unique keys stay unique", async () => {
  const result = await runTorture({ dir, rounds: ROUNDS, seed: 5 });
  expect(result.faults).toEqual([]);
  expect(result.acknowledged).toBeGreaterThan(100);
}, 60_000);

test("a write that comes again after kill -9 is not done again", async () => {
  const lsid = { id: new Binary(Buffer.alloc(16, 9), 4) };
  const increment = {
    update: "n",
    updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true }],
    lsid,
    txnNumber: Long.fromNumber(4),
    writeConcern: { w: 1, j: true },
  };
  const first = await startProcess(dir);
  const answer = await ask(first.url, increment);
  await kill(first.child);
  const second = await startProcess(dir);
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
  const first = await startProcess(dir);
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
  const second = await startProcess(dir);
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
