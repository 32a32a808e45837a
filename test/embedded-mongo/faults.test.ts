import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { type Collection, MongoClient, type MongoServerError } from "mongodb";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { messageOf, openSocket } from "./raw-client.ts";
import { aServer, codeOf } from "./support.ts";

const memory = await aServer();
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dmt-data-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

type Row = { _id: number; k?: string; text?: string };

describe("a full disk", () => {
  test("gives errors to clients, keeps what was acknowledged, and nothing else", async () => {
    const full = await startEmbeddedMongo({ dir, maxBytes: 600_000 });
    const client = await MongoClient.connect(full.url);
    const rows = client.db("x").collection<Row>("rows");
    const other = client.db("x").collection<Row>("other");
    await rows.createIndex({ k: 1 }, { unique: true });
    const acknowledged = new Set<number>();
    const codes = new Set<number>();
    // Single writes, batches and transactions at once: a turn that fails takes all of its writes back.
    const write = async (_id: number) => {
      const docs = [0, 1, 2].map((i) => ({ _id: _id * 10 + i, k: `k${_id}-${i}`, text: "x".repeat(700) }));
      if (_id % 3 === 0) await rows.insertOne(docs[0]!);
      else if (_id % 3 === 1) await rows.insertMany(docs);
      else
        await client.withSession((session) =>
          session.withTransaction(async () => {
            await other.insertOne({ _id }, { session });
            await rows.insertMany(docs, { session });
          }),
        );
      for (const doc of _id % 3 === 0 ? docs.slice(0, 1) : docs) acknowledged.add(doc._id);
      if (_id % 3 === 2) acknowledged.add(-_id);
    };
    for (let turn = 0; turn < 40; turn++) {
      const attempts = Array.from({ length: 10 }, (_, i) => write(turn * 10 + i + 1));
      for (const outcome of await Promise.allSettled(attempts))
        if (outcome.status === "rejected") codes.add(Number((outcome.reason as MongoServerError).code));
    }
    expect([...codes]).toEqual([14031]);
    const state = async (from: MongoClient) => [
      ...(await from.db("x").collection<Row>("rows").find().hint({ $natural: 1 }).toArray()).map(
        (row) => row._id,
      ),
      ...(await from.db("x").collection<Row>("other").find().toArray()).map((row) => -row._id),
    ];
    const live = await state(client);
    expect(new Set(live)).toEqual(acknowledged);
    expect((await rows.find().hint("k_1").toArray()).length).toBe(live.filter((_id) => _id > 0).length);
    // What is deleted makes room again.
    await rows.deleteMany({ _id: { $lt: 1000 } });
    await rows.insertOne({ _id: 5, k: "again" });
    await client.close();
    await full.stop();

    const again = await startEmbeddedMongo({ dir });
    const reader = await MongoClient.connect(again.url);
    const kept = live.filter((_id) => _id < 0 || _id >= 1000).concat(5);
    expect(new Set(await state(reader))).toEqual(new Set(kept));
    await reader.close();
    await again.stop();
  });
});

describe("a damaged file", () => {
  async function filled(): Promise<string> {
    const mongo = await startEmbeddedMongo({ dir });
    const client = await MongoClient.connect(mongo.url);
    const rows = client.db("x").collection<Row>("rows");
    await rows.insertMany(Array.from({ length: 500 }, (_, _id) => ({ _id, text: "x".repeat(500) })));
    await client.close();
    await mongo.stop();
    return join(dir, "data.sqlite");
  }

  test("is refused at the start when a part of it is missing", async () => {
    const path = await filled();
    truncateSync(path, 4096 * 20);
    await expect(startEmbeddedMongo({ dir })).rejects.toThrow(/cannot be opened: .*malformed/);
  });

  test("is refused at the start when it is something else, or of a newer version", async () => {
    const path = await filled();
    const bytes = readFileSync(path);
    bytes.writeUInt32BE(99, 60);
    writeFileSync(path, bytes);
    await expect(startEmbeddedMongo({ dir })).rejects.toThrow(/newer version/);
    writeFileSync(path, Buffer.alloc(100_000, "not a database"));
    await expect(startEmbeddedMongo({ dir })).rejects.toThrow(/cannot be opened: file is not a database/);
    expect(readFileSync(path).subarray(0, 14).toString()).toBe("not a database");
  });

  test("is told to whoever reads the damaged part, and nothing is written any more", async () => {
    const path = await filled();
    const bytes = readFileSync(path);
    for (let page = 20; page < 30; page++) bytes.fill(7, page * 4096, page * 4096 + 200);
    writeFileSync(path, bytes);
    const mongo = await startEmbeddedMongo({ dir });
    const client = await MongoClient.connect(mongo.url);
    const rows = client.db("x").collection<Row>("rows");
    const refusal = /cannot be trusted any more/;
    await expect(rows.find().hint({ $natural: 1 }).toArray()).rejects.toThrow(refusal);
    await expect(rows.insertOne({ _id: 1000 })).rejects.toThrow(refusal);
    expect(await client.db("x").command({ ping: 1 })).toMatchObject({ ok: 1 });
    await client.close();
    await mongo.stop();
  });

  test("a copy without the last changes in the log is whole up to them", async () => {
    const mongo = await startEmbeddedMongo({ dir });
    const client = await MongoClient.connect(mongo.url);
    await client.db("x").collection<Row>("rows").insertOne({ _id: 1 });
    // As a machine leaves them that stops: the file, and a log of which the end is missing.
    const copy = mkdtempSync(join(tmpdir(), "dmt-data-"));
    for (const name of ["data.sqlite", "data.sqlite-wal"]) copyFileSync(join(dir, name), join(copy, name));
    await client.db("x").collection<Row>("rows").insertOne({ _id: 2 });
    const log = readFileSync(join(dir, "data.sqlite-wal"));
    writeFileSync(join(copy, "data.sqlite-wal"), log.subarray(0, log.length - 2000));
    await client.close();
    await mongo.stop();
    const second = await startEmbeddedMongo({ dir: copy });
    const reader = await MongoClient.connect(second.url);
    expect(await reader.db("x").collection<Row>("rows").find().toArray()).toEqual([{ _id: 1 }]);
    await reader.close();
    await second.stop();
    rmSync(copy, { recursive: true });
  });
});

describe("a client that goes away", () => {
  test("leaves nothing of its open transaction, and whoever waited for it goes on", async () => {
    const rows = await memory.collection([{ _id: 1 as never, n: 0 }]);
    const leaving = await MongoClient.connect(memory.mongo.url);
    const session = leaving.startSession();
    session.startTransaction();
    const seen = leaving.db(rows.dbName).collection(rows.collectionName);
    await seen.updateOne({ n: 0 }, { $set: { n: 5 } }, { session });
    const waiting = rows.updateOne({ _id: 1 as never }, { $inc: { n: 1 } });
    // Without a farewell, as a process that is killed.
    await leaving.close(true);
    await waiting;
    expect(await rows.findOne({})).toEqual({ _id: 1, n: 1 });
  });

  test("without fetching its answers does not make them pile up", async () => {
    const rows = await memory.collection([{ text: "x".repeat(1_000_000) }]);
    const socket = await openSocket(memory.mongo.url);
    socket.pause();
    const question = messageOf({ find: rows.collectionName, filter: {} });
    for (let i = 0; i < 2000; i++) socket.write(question);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20; i++) await memory.client.db("test").command({ ping: 1 });
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    socket.destroy();
  });
});

describe("a pattern that would take for ever", () => {
  const text = `${"a".repeat(60)}!`;
  test.each([
    ["is matched in linear time", /^(a+)+$/, undefined],
    ["is matched in linear time, also from the middle", /(.*?x){12}$/, undefined],
    ["fails its command when it ignores case", /^(a+)+$/i, 51156],
    ["fails its command when it looks back", /^(a+)+\1$/, 51156],
    ["fails its command when it looks ahead", /^(?=a)(a+)+$/, 51156],
  ])("%s", async (_title, pattern, code) => {
    const rows = await memory.collection([{ text }]);
    expect(await codeOf(rows.findOne({ text: pattern }))).toBe(code);
    expect(await rows.countDocuments({ text: /A{60}!$/i })).toBe(1);
  });
});

describe("an index that is built while others work", () => {
  test("holds what they wrote meanwhile, and they need not wait for it", async () => {
    const rows = await memory.collection();
    await rows.insertMany(
      Array.from({ length: 30_000 }, (_, i) => ({ _id: i as never, n: i % 100, k: `k${i}` })),
    );
    const order: string[] = [];
    const build = rows
      .createIndexes([{ key: { n: 1 } }, { key: { k: 1 }, unique: true }])
      .then(() => order.push("index"));
    const session = memory.client.startSession();
    for (let i = 0; i < 60; i++) {
      await rows.updateOne({ _id: (i * 499) as never }, { $set: { n: 1000 + i, k: `moved${i}` } });
      await rows.deleteOne({ _id: (i * 499 + 1) as never });
      await rows.insertOne({ _id: (100_000 + i) as never, n: 2000, k: `new${i}` });
      await session.withTransaction(async () => {
        await rows.updateOne({ _id: (i * 499 + 2) as never }, { $set: { n: 3000 } }, { session });
      });
      order.push("write");
    }
    await build;
    await session.endSession();
    expect(order[0]).toBe("write");
    for (const n of [5, 1007, 2000, 3000]) {
      const byScan = await rows.find({ n }).hint({ $natural: 1 }).sort({ _id: 1 }).toArray();
      expect(await rows.find({ n }).hint("n_1").sort({ _id: 1 }).toArray()).toEqual(byScan);
    }
    expect((await rows.find({}).hint("k_1").toArray()).length).toBe(30_000);
    expect(await codeOf(rows.insertOne({ k: "moved3" }))).toBe(11000);
  });

  test("counts duplicates that are there in the end, and only those", async () => {
    const rows = await memory.collection();
    await rows.insertMany(Array.from({ length: 20_000 }, (_, i) => ({ _id: i as never, k: i < 2 ? 0 : i })));
    const first = rows.createIndex({ k: 1 }, { unique: true });
    await rows.updateOne({ _id: 1 as never }, { $set: { k: 1 } });
    await first;
    await rows.dropIndex("k_1");
    const second = codeOf(rows.createIndex({ k: 1 }, { unique: true }));
    await rows.insertOne({ k: 19_999 });
    expect(await second).toBe(11000);
    expect((await rows.indexes()).map(({ name }) => name)).toEqual(["_id_"]);
    await rows.insertOne({ k: 19_999 });
  });

  test("is asked for twice at once and built once; a change of definitions waits for it", async () => {
    const rows = await memory.collection();
    await rows.insertMany(Array.from({ length: 10_000 }, (_, n) => ({ n })));
    await Promise.all([rows.createIndex({ n: 1 }), rows.createIndex({ n: 1 })]);
    expect((await rows.indexes()).length).toBe(2);
    const third = rows.createIndex({ n: -1 });
    await rows.drop();
    await expect(third).resolves.toBe("n_-1");
  });

  test("that was interrupted by kill -9 is not there afterwards", async () => {
    const mongo = await startEmbeddedMongo({ dir });
    const client = await MongoClient.connect(mongo.url);
    const rows = client.db("x").collection<Row>("rows");
    await rows.insertMany(Array.from({ length: 30_000 }, (_, _id) => ({ _id, k: `k${_id}` })));
    const build = rows.createIndex({ k: 1 }).catch(() => undefined);
    const status = () => client.db("x").command({ serverStatus: 1 });
    await eventually(async () => {
      expect(await status()).toMatchObject({ indexBuilds: [{ name: "k_1" }] });
    });
    const copy = mkdtempSync(join(tmpdir(), "dmt-data-"));
    for (const name of ["data.sqlite", "data.sqlite-wal"]) copyFileSync(join(dir, name), join(copy, name));
    await build;
    await client.close();
    await mongo.stop();
    const second = await startEmbeddedMongo({ dir: copy });
    const reader = await MongoClient.connect(second.url);
    expect((await reader.db("x").collection("rows").indexes()).map(({ name }) => name)).toEqual(["_id_"]);
    await reader.db("x").collection("rows").createIndex({ k: 1 });
    expect(await reader.db("x").collection("rows").find({ k: "k77" }).toArray()).toEqual([
      { _id: 77, k: "k77" },
    ]);
    await reader.close();
    await second.stop();
    rmSync(copy, { recursive: true });
  });
});

describe("a slow aggregation", () => {
  const CASES: [title: string, pipeline: { [stage: string]: object | string | number }[]][] = [
    [
      "that groups everything",
      [
        { $group: { _id: { $concat: ["$text", { $toString: "$n" }] }, sum: { $sum: "$n" } } },
        { $sort: { sum: 1 } },
      ],
    ],
    [
      "that looks up for each document",
      [
        { $limit: 30_000 },
        {
          $lookup: {
            from: "none",
            localField: "n",
            foreignField: "_id",
            as: "x",
            pipeline: [{ $match: {} }],
          },
        },
        { $count: "n" },
      ],
    ],
    ["that sorts everything", [{ $sort: { text: 1, n: -1 } }, { $skip: 59_990 }]],
  ];
  let rows: Collection;
  beforeAll(async () => {
    rows = await memory.collection(
      Array.from({ length: 60_000 }, (_, _id) => ({ _id, n: _id, text: "x".repeat(50) })),
    );
  });
  test.each(CASES)("%s lets reads and writes of others go first", async (title, pipeline) => {
    for (const { $lookup } of pipeline) if ($lookup) Object.assign($lookup, { from: rows.collectionName });
    const order: string[] = [];
    const report = rows
      .aggregate(pipeline)
      .toArray()
      .then(() => order.push("report"));
    for (let i = 0; i < 10; i++) {
      await rows.updateOne({ _id: i as never }, { $set: { m: title } });
      expect(await rows.findOne({ _id: i as never })).toMatchObject({ m: title });
      order.push("small");
    }
    await report;
    // A server that ran it in one go would answer it first.
    expect(order[0]).toBe("small");
  });
});

describe("while a long search pauses", () => {
  const many = Array.from({ length: 8000 }, (_, n) => ({ _id: n as never, n, text: "x".repeat(100) }));

  test("others may change what it found, and no change of it is lost", async () => {
    const rows = await memory.collection(many);
    const first = () => rows.findOneAndUpdate({}, { $inc: { taken: 1 } }, { sort: { text: 1, n: 1 } });
    const all = await Promise.all(Array.from({ length: 12 }, first));
    expect(all.map((doc) => (doc?.["taken"] as number | undefined) ?? 0).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, i) => i),
    );
    const next = () => rows.findOneAndDelete({ n: { $gte: 5000 } }, { sort: { text: 1, n: 1 } });
    const gone = await Promise.all(Array.from({ length: 4 }, next));
    expect(gone.map((doc) => doc?.["n"] as number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 4 }, (_, i) => 5000 + i),
    );
  });

  test("a cursor delivers what is there when it comes to it", async () => {
    const rows = await memory.collection(many.slice(0, 500));
    const cursor = rows.find({}, { batchSize: 10 });
    await cursor.next();
    await rows.updateOne({ _id: 300 as never }, { $set: { n: -1 } });
    await rows.deleteOne({ _id: 301 as never });
    const rest = await cursor.toArray();
    expect(rest.map(({ n }) => n as number)).toEqual([
      ...Array.from({ length: 299 }, (_, i) => i + 1),
      -1,
      ...Array.from({ length: 198 }, (_, i) => i + 302),
    ]);
  });
});

test.each(["updateMany", "deleteMany"] as const)(
  "a long %s lets reads and writes of others go first, and misses nothing",
  async (operation) => {
    const rows = await memory.collection(
      Array.from({ length: 20_000 }, (_, _id) => ({ _id: _id as never, n: 1 })),
    );
    await rows.createIndex({ n: 1 });
    const all =
      operation === "updateMany" ? rows.updateMany({ n: 1 }, { $inc: { n: 1 } }) : rows.deleteMany({ n: 1 });
    let isOver = false;
    const long = all.then((result) => {
      isOver = true;
      return "modifiedCount" in result ? result.modifiedCount : result.deletedCount;
    });
    let written = 0;
    let meanwhile = 0;
    while (!isOver) {
      await rows.insertOne({ _id: `new ${written}` as never, n: 0 });
      written += 1;
      if (!isOver) meanwhile += 1;
    }
    expect(await long).toBe(20_000);
    // Done in one go, it would have kept all of them waiting but the one that came before it.
    expect(meanwhile).toBeGreaterThan(10);
    expect(await rows.countDocuments({ n: 0 })).toBe(written);
    expect(await rows.countDocuments({ n: 1 })).toBe(0);
  },
);

test("`let` brings variables into filters, updates, projections and deletions", async () => {
  const rows = await memory.collection([1, 2, 3].map((n) => ({ _id: n as never, n })));
  const name = rows.collectionName;
  const db = memory.client.db("test");
  const isWanted = { $expr: { $eq: ["$n", "$$wanted"] } };
  const found = await rows
    .find(isWanted, {
      let: { wanted: { $add: [1, 1] } },
      projection: { twice: { $multiply: ["$n", "$$wanted"] } },
    })
    .toArray();
  expect(found).toEqual([{ _id: 2, twice: 4 }]);
  await db.command({
    update: name,
    updates: [{ q: isWanted, u: [{ $set: { by: "$$wanted" } }] }],
    let: { wanted: 3 },
  });
  expect(await rows.findOne({ _id: 3 as never })).toEqual({ _id: 3, n: 3, by: 3 });
  await rows.findOneAndUpdate(isWanted, [{ $set: { n: { $add: ["$n", "$$wanted"] } } }], {
    let: { wanted: 1 },
  });
  expect(await rows.findOne({ _id: 1 as never })).toEqual({ _id: 1, n: 2 });
  expect((await rows.deleteMany(isWanted, { let: { wanted: 2 } })).deletedCount).toBe(2);
});
