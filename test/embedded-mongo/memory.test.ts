import type { Document } from "mongodb";
import { beforeAll, describe, expect, test } from "vitest";
import { aServer, codeOf, type TestServer } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await aServer();
});

describe("what does not fit into memory", () => {
  // One small document that becomes many: each stage below would gather more than 100 MB of it.
  const large = { _id: 1, text: "x".repeat(5000), list: Array.from({ length: 30_000 }, (_, i) => i) };
  const unwound = [{ $unwind: "$list" }];
  const CASES: [title: string, pipeline: Document[], code: number][] = [
    ["a group of $push", [...unwound, { $group: { _id: null, all: { $push: "$text" } } }], 292],
    ["many groups", [...unwound, { $group: { _id: ["$list", "$text"] } }], 292],
    [
      "groups of whole documents",
      [...unwound, { $group: { _id: "$list", first: { $first: "$$ROOT" } } }],
      292,
    ],
    ["a sort", [...unwound, { $sort: { list: -1 } }], 292],
  ];
  test.each(CASES)("%s is refused", async (_title, pipeline, code) => {
    const collection = await server.collection([large]);
    expect(await codeOf(collection.aggregate(pipeline).toArray())).toBe(code);
    expect(await codeOf(collection.aggregate(pipeline, { allowDiskUse: true }).toArray())).toBe(code);
  });

  test("what a $lookup finds for one document is refused", async () => {
    const collection = await server.collection([large]);
    const lookup = { from: collection.collectionName, pipeline: unwound, as: "found" };
    expect(await codeOf(collection.aggregate([{ $lookup: lookup }]).toArray())).toBe(4568);
  });

  test("more than 16 MB of distinct values are refused", async () => {
    const collection = await server.collection();
    const text = "x".repeat(100_000);
    await collection.insertMany(Array.from({ length: 200 }, (_, i) => ({ text: text + String(i) })));
    expect(await codeOf(collection.distinct("text"))).toBe(17217);
    expect(await collection.distinct("none")).toEqual([]);
  });

  test("a sort in memory of large documents fits as long as few of them are asked for", async () => {
    const collection = await server.collection();
    const text = "x".repeat(1_000_000);
    for (let i = 0; i < 12; i++)
      await collection.insertMany(Array.from({ length: 10 }, (_, j) => ({ n: (i * 10 + j) % 7, text })));
    const sorted = collection.find({}, { projection: { n: 1 } }).sort({ n: -1 });
    expect(await codeOf(sorted.clone().toArray())).toBe(292);
    await collection.updateMany({}, { $set: { text: text.slice(0, 500_000) } });
    expect((await sorted.clone().limit(2).toArray()).map((doc) => Number(doc["n"]))).toEqual([6, 6]);
  });
});

test("a sort in memory gives the same however many runs it takes, with and without a limit", async () => {
  const docs = Array.from({ length: 13_000 }, (_, i) => ({ _id: i, a: (i * 7919) % 1000, b: i % 3 }));
  const collection = await server.collection(docs);
  const wanted = [...docs].sort((x, y) => x.a - y.a || y.b - x.b || x._id - y._id).map(({ _id }) => _id);
  const ids = async (skip: number, limit: number) =>
    (await collection.find({}).sort({ a: 1, b: -1 }).skip(skip).limit(limit).toArray()).map(({ _id }) =>
      Number(_id),
    );
  expect(await ids(0, 0)).toEqual(wanted);
  for (const [skip, limit] of [
    [0, 1],
    [10, 50],
    [4900, 2000],
    [12_990, 100],
  ] as const)
    expect(await ids(skip, limit)).toEqual(wanted.slice(skip, skip + limit));
});
