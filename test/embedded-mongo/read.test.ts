import {
  type AggregationCursor,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  type Document,
} from "mongodb";
import { beforeAll, describe, expect, test } from "vitest";
import { aServer, codeOf, type TestServer } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await aServer();
});

const people = [
  {
    _id: 1,
    name: "Ana",
    age: 30,
    city: "Rome",
    tags: ["a", "b"],
    at: new Date("2024-03-05T10:20:30.400Z"),
    score: 1.5,
  },
  {
    _id: 2,
    name: "Ben",
    age: 25,
    city: "Oslo",
    tags: ["b"],
    at: new Date("2024-03-05T23:30:00Z"),
    score: 2.5,
  },
  { _id: 3, name: "Cy", age: 35, city: "Rome", tags: [], at: new Date("2024-04-01T00:00:00Z"), score: 4 },
  { _id: 4, name: "Di", age: 25, city: "Lima", tags: ["a", "c"], at: new Date("2025-01-01T00:00:00Z") },
] as Document[];

describe("a sort", () => {
  test("follows MongoDB's order of types, and back", async () => {
    const ordered = [
      new MinKey(),
      [],
      null,
      NaN,
      -Infinity,
      Long.MIN_VALUE,
      -5,
      Decimal128.fromString("-4.5"),
      0,
      new Double(0.5),
      1,
      Long.fromString("9007199254740993"),
      Infinity,
      "",
      "a",
      "aa",
      "b",
      {},
      { a: 1 },
      { a: 2 },
      { b: 1 },
      new ObjectId("000000000000000000000001"),
      new ObjectId("ff0000000000000000000001"),
      false,
      true,
      new Date(-1),
      new Date(0),
      new Date(1),
      /a/,
      new MaxKey(),
    ];
    const docs = ordered.map((a, _id) => ({ _id, a }));
    const collection = await server.collection([...docs.slice(11), ...docs.slice(0, 11)]);
    const ids = async (direction: 1 | -1) =>
      (await collection.find({}).sort({ a: direction }).toArray()).map(({ _id }) => Number(_id));
    for (let round = 0; round < 2; round++) {
      expect(await ids(1)).toEqual(docs.map(({ _id }) => _id));
      expect(await ids(-1)).toEqual(docs.map(({ _id }) => _id).reverse());
      await collection.createIndex({ a: 1 });
    }
  });

  test("by several fields, with skip and limit, in memory and by an index", async () => {
    const docs = Array.from({ length: 200 }, (_, i) => ({ _id: i, a: i % 3, b: i % 7, c: i }));
    const collection = await server.collection(docs);
    const wanted = [...docs].sort((x, y) => x.a - y.a || y.b - x.b || x.c - y.c).map(({ _id }) => _id);
    const ids = async (skip: number, limit: number) =>
      (await collection.find({}).sort({ a: 1, b: -1, c: 1 }).skip(skip).limit(limit).toArray()).map(
        ({ _id }) => Number(_id),
      );
    for (let round = 0; round < 2; round++) {
      expect(await ids(0, 0)).toEqual(wanted);
      expect(await ids(20, 30)).toEqual(wanted.slice(20, 50));
      await collection.createIndex({ a: 1, b: -1, c: 1 });
    }
  });

  test("takes the smallest element of an array, or descending the greatest", async () => {
    const collection = await server.collection([
      { _id: 1, a: [5, 1] },
      { _id: 2, a: 3 },
      { _id: 3, a: [2, 9] },
    ]);
    const ids = async (direction: 1 | -1) =>
      (await collection.find({}).sort({ a: direction }).toArray()).map(({ _id }) => Number(_id));
    expect(await ids(1)).toEqual([1, 3, 2]);
    expect(await ids(-1)).toEqual([3, 1, 2]);
  });

  test("of equal documents keeps the order of insertion, and $natural goes by it", async () => {
    const collection = await server.collection([
      { _id: 3, a: 1 },
      { _id: 1, a: 1 },
      { _id: 2, a: 0 },
    ]);
    expect((await collection.find({}).sort({ a: 1 }).toArray()).map(({ _id }) => Number(_id))).toEqual([
      2, 3, 1,
    ]);
    expect(
      (await collection.find({}).sort({ $natural: -1 }).toArray()).map(({ _id }) => Number(_id)),
    ).toEqual([2, 1, 3]);
  });
});

describe("a projection", () => {
  const doc = { _id: 1, a: 1, b: { c: 2, d: [{ e: 1, f: 2 }, { e: 3 }, 5] }, g: [1, 2, 3, 4] };
  const CASES: [title: string, projection: Document, shown: Document, filter?: Document][] = [
    ["includes", { a: 1 }, { _id: 1, a: 1 }],
    ["leaves out the _id", { a: true, _id: 0 }, { a: 1 }],
    ["shows the _id only", { _id: 1 }, { _id: 1 }],
    ["excludes", { b: 0, g: 0 }, { _id: 1, a: 1 }],
    ["excludes the _id only", { _id: 0 }, { a: 1, b: doc.b, g: doc.g }],
    ["includes nested fields", { "b.c": 1 }, { _id: 1, b: { c: 2 } }],
    ["includes through arrays", { "b.d.e": 1 }, { _id: 1, b: { d: [{ e: 1 }, { e: 3 }] } }],
    ["excludes through arrays", { "b.d.e": 0, g: 0 }, { _id: 1, a: 1, b: { c: 2, d: [{ f: 2 }, {}, 5] } }],
    ["takes documents for paths", { b: { c: 1 } }, { _id: 1, b: { c: 2 } }],
    ["knows nothing of missing fields", { x: 1, "a.y": 1 }, { _id: 1 }],
    ["keeps the order of the document", { g: 1, a: 1 }, { _id: 1, a: 1, g: [1, 2, 3, 4] }],
    ["$slice", { g: { $slice: 2 } }, { ...doc, g: [1, 2] }],
    ["$slice from the end", { g: { $slice: -1 }, b: 0 }, { _id: 1, a: 1, g: [4] }],
    ["$slice with skip", { g: { $slice: [1, 2] }, a: 1 }, { _id: 1, a: 1, g: [2, 3] }],
    ["$elemMatch", { g: { $elemMatch: { $gt: 2 } } }, { _id: 1, g: [3] }],
    ["the positional $", { "g.$": 1 }, { _id: 1, g: [3] }, { g: 3 }],
    ["expressions", { sum: { $add: ["$a", "$b.c"] }, a: 1 }, { _id: 1, a: 1, sum: 3 }],
    ["fields under other names", { c: "$b.c" }, { _id: 1, c: 2 }],
  ];
  test.each(CASES)("%s", async (_title, projection, shown, filter = {}) => {
    const collection = await server.collection([doc]);
    const [found] = await collection.find(filter, { projection }).toArray();
    expect(JSON.stringify(found)).toBe(JSON.stringify(shown));
  });

  test("refuses to mix, and what collides", async () => {
    const collection = await server.collection([doc]);
    const code = (projection: Document) => codeOf(collection.find({}, { projection }).toArray());
    expect(await code({ a: 1, b: 0 })).toBe(31254);
    expect(await code({ a: 0, b: 1 })).toBe(31253);
    expect(await code({ a: 1, "a.b": 1 })).toBe(31249);
    expect(await code({ a: { $meta: "textScore" } })).toBe(2);
    expect(await code({ a: { $foo: 1 } })).toBe(168);
  });
});

describe("an aggregation", () => {
  const CASES: [title: string, pipeline: Document[], result: Document[]][] = [
    ["$match and $count", [{ $match: { city: "Rome" } }, { $count: "n" }], [{ n: 2 }]],
    ["$count of nothing", [{ $match: { city: "?" } }, { $count: "n" }], []],
    [
      "$group with sums",
      [{ $group: { _id: "$city", n: { $sum: 1 }, ages: { $sum: "$age" } } }, { $sort: { _id: 1 } }],
      [
        { _id: "Lima", n: 1, ages: 25 },
        { _id: "Oslo", n: 1, ages: 25 },
        { _id: "Rome", n: 2, ages: 65 },
      ],
    ],
    [
      "$group of all",
      [
        {
          $group: {
            _id: null,
            avg: { $avg: "$age" },
            min: { $min: "$age" },
            max: { $max: "$name" },
            first: { $first: "$name" },
            last: { $last: "$name" },
            n: { $count: {} },
          },
        },
      ],
      [{ _id: null, avg: 28.75, min: 25, max: "Di", first: "Ana", last: "Di", n: 4 }],
    ],
    [
      "$group ignores what is no number",
      [{ $group: { _id: null, s: { $sum: "$score" }, a: { $avg: "$score" } } }],
      [{ _id: null, s: 8, a: 8 / 3 }],
    ],
    [
      "$push and $addToSet",
      [{ $sort: { _id: 1 } }, { $group: { _id: null, all: { $push: "$age" }, set: { $addToSet: "$age" } } }],
      [{ _id: null, all: [30, 25, 35, 25], set: [30, 25, 35] }],
    ],
    [
      "$group by several",
      [{ $group: { _id: { c: "$city", a: "$age" }, n: { $sum: 1 } } }, { $match: { "_id.c": "Oslo" } }],
      [{ _id: { c: "Oslo", a: 25 }, n: 1 }],
    ],
    [
      "$sort, $skip, $limit",
      [{ $sort: { age: 1, name: -1 } }, { $skip: 1 }, { $limit: 2 }, { $project: { name: 1, _id: 0 } }],
      [{ name: "Ben" }, { name: "Ana" }],
    ],
    [
      "$limit before $match",
      [{ $limit: 2 }, { $match: { age: 25 } }, { $project: { name: 1 } }],
      [{ _id: 2, name: "Ben" }],
    ],
    [
      "$project with expressions",
      [
        { $match: { _id: 1 } },
        { $project: { _id: 0, up: { $toUpper: "$name" }, next: { $add: ["$age", 1] } } },
      ],
      [{ up: "ANA", next: 31 }],
    ],
    [
      "$addFields keeps the rest",
      [{ $match: { _id: 2 } }, { $project: { age: 1 } }, { $addFields: { "x.y": "$age", age: 0 } }],
      [{ _id: 2, age: 0, x: { y: 25 } }],
    ],
    [
      "$unset",
      [{ $match: { _id: 2 } }, { $unset: ["tags", "at", "score", "city"] }],
      [{ _id: 2, name: "Ben", age: 25 }],
    ],
    [
      "$unwind",
      [{ $match: { _id: { $lte: 3 } } }, { $unwind: "$tags" }, { $project: { tags: 1 } }],
      [
        { _id: 1, tags: "a" },
        { _id: 1, tags: "b" },
        { _id: 2, tags: "b" },
      ],
    ],
    [
      "$unwind keeps the empty",
      [
        { $match: { _id: { $gte: 2, $lte: 3 } } },
        { $unwind: { path: "$tags", preserveNullAndEmptyArrays: true } },
        { $project: { tags: 1 } },
      ],
      [{ _id: 2, tags: "b" }, { _id: 3 }],
    ],
    ["$replaceRoot", [{ $match: { _id: 1 } }, { $replaceRoot: { newRoot: { n: "$name" } } }], [{ n: "Ana" }]],
  ];
  test.each(CASES)("%s", async (_title, pipeline, result) => {
    const collection = await server.collection(people);
    expect(await collection.aggregate(pipeline).toArray()).toEqual(result);
  });

  const EXPRESSIONS: [expression: unknown, value: unknown][] = [
    [{ $cond: [{ $gt: ["$age", 26] }, "old", "young"] }, "old"],
    [{ $cond: { if: false, then: 1, else: 2 } }, 2],
    [
      {
        $switch: {
          branches: [
            { case: { $eq: ["$age", 1] }, then: "a" },
            { case: true, then: "b" },
          ],
          default: "c",
        },
      },
      "b",
    ],
    [{ $ifNull: ["$missing", "$city"] }, "Rome"],
    [{ $concat: ["$name", "-", "$city"] }, "Ana-Rome"],
    [{ $concat: ["$name", null] }, null],
    [{ $add: ["$at", 1000] }, new Date("2024-03-05T10:20:31.400Z")],
    [{ $subtract: ["$at", new Date("2024-03-05T10:20:30Z")] }, 400],
    [{ $subtract: [5, 7] }, -2],
    [{ $multiply: ["$age", 2, 0.5] }, 30],
    [{ $divide: ["$age", 4] }, 7.5],
    [{ $toLower: "ABC" }, "abc"],
    [{ $toString: "$age" }, "30"],
    [{ $toString: "$at" }, "2024-03-05T10:20:30.400Z"],
    [{ $size: "$tags" }, 2],
    [{ $in: ["a", "$tags"] }, true],
    [{ $arrayElemAt: ["$tags", -1] }, "b"],
    [{ $first: "$tags" }, "a"],
    [{ $map: { input: "$tags", as: "t", in: { $concat: ["$$t", "!"] } } }, ["a!", "b!"]],
    [{ $filter: { input: [1, 2, 3], cond: { $gte: ["$$this", 2] } } }, [2, 3]],
    [{ $concatArrays: ["$tags", ["z"]] }, ["a", "b", "z"]],
    [{ $isArray: "$tags" }, true],
    [{ $sum: [1, 2, "x"] }, 3],
    [{ $max: [1, 5, null] }, 5],
    [{ $mergeObjects: [{ a: 1 }, { b: 2 }] }, { a: 1, b: 2 }],
    [{ $type: "$missing" }, "missing"],
    [{ $literal: "$x" }, "$x"],
    [{ $and: [true, "$age"] }, true],
    [{ $or: [false, null] }, false],
    [{ $not: ["$missing"] }, true],
    [{ $cmp: [1, 2] }, -1],
    [{ $eq: ["$missing", null] }, false],
    [{ $lt: [null, 0] }, true],
    [{ $lte: ["$missing", null] }, true],
    [{ $ne: ["$missing", null] }, true],
    [{ $add: ["$age", Long.fromNumber(1)] }, 31],
    [{ $add: ["$age", "$missing"] }, null],
    [{ $concatArrays: ["$tags", null] }, null],
    [{ $last: [["a", "b"]] }, "b"],
    [{ $last: "$missing" }, null],
    [{ $min: ["$age", null, 4] }, 4],
    [{ $avg: [1, 2, "x"] }, 1.5],
    [{ $toLower: "$missing" }, ""],
    [{ $toObjectId: "0123456789abcdef01234567" }, new ObjectId("0123456789abcdef01234567")],
    [{ $filter: { input: "$tags", as: "t", cond: { $eq: ["$$t", "$$ROOT.tags.1"] } } }, []],
    [{ $mergeObjects: [{ a: 1 }, null, { a: 2 }] }, { a: 2 }],
    ["$$REMOVE", undefined],
  ];
  test.each(EXPRESSIONS.map(([expression, value]) => [JSON.stringify(expression), expression, value]))(
    "%s",
    async (_title, expression, value) => {
      const collection = await server.collection(people.slice(0, 1));
      const [found] = await collection
        .aggregate([{ $replaceRoot: { newRoot: { value: expression } } }])
        .toArray();
      expect(found).toEqual(value === undefined ? {} : { value });
    },
  );

  test("$lookup by fields and by a pipeline, with and without an index", async () => {
    const orders = await server.collection([
      { _id: 1, who: 1, n: 5 },
      { _id: 2, who: 2, n: 1 },
      { _id: 3, who: 1, n: 2 },
      { _id: 4, n: 9 },
    ]);
    const collection = await server.collection(people.slice(0, 2));
    const byFields = {
      $lookup: { from: orders.collectionName, localField: "_id", foreignField: "who", as: "orders" },
    };
    const byPipeline = {
      $lookup: {
        from: orders.collectionName,
        let: { id: "$_id" },
        pipeline: [{ $match: { $expr: { $eq: ["$who", "$$id"] } } }, { $sort: { n: 1 } }, { $limit: 1 }],
        as: "orders",
      },
    };
    const ids = async (cursor: AggregationCursor) =>
      ((await cursor.toArray()) as Document[]).map((doc) =>
        (doc["orders"] as Document[]).map(({ _id }) => Number(_id)),
      );
    for (let round = 0; round < 2; round++) {
      expect(await ids(collection.aggregate([byFields]))).toEqual([[1, 3], [2]]);
      expect(await ids(collection.aggregate([byPipeline]))).toEqual([[3], [2]]);
      await orders.createIndex({ who: 1 });
    }
  });

  const REFUSED: [title: string, stage: Document, code: number][] = [
    ["an unknown stage", { $foo: 1 }, 40324],
    ["$out", { $out: "x" }, 40324],
    ["$merge", { $merge: "x" }, 40324],
    ["$graphLookup", { $graphLookup: {} }, 40324],
    ["$facet", { $facet: { a: [] } }, 40324],
    ["$sortByCount", { $sortByCount: "$a" }, 40324],
    ["$setWindowFields", { $setWindowFields: {} }, 40324],
    ["dates in pieces", { $project: { a: { $dateToString: { date: "$at" } } } }, 168],
    ["texts in pieces", { $project: { a: { $split: ["$name", "-"] } } }, 168],
    ["sets", { $project: { a: { $setUnion: ["$tags", []] } } }, 168],
    ["rounding", { $project: { a: { $round: ["$age", 1] } } }, 168],
    ["$changeStream", { $changeStream: {} }, 40324],
    ["an unknown expression", { $project: { a: { $function: {} } } }, 168],
    ["an unknown accumulator", { $group: { _id: null, a: { $foo: 1 } } }, 15952],
    ["$group without _id", { $group: { a: { $sum: 1 } } }, 15955],
    ["$limit 0", { $limit: 0 }, 15958],
    ["a stage of two fields", { $limit: 1, $skip: 1 }, 40323],
    ["$unwind without a dollar", { $unwind: "tags" }, 28818],
    ["$divide by zero", { $project: { a: { $divide: [1, 0] } } }, 2],
    [
      "an expression with an unknown argument",
      { $project: { a: { $filter: { input: "$tags", cond: true, limit: 1 } } } },
      9,
    ],
  ];
  test.each(REFUSED)("refuses %s", async (_title, stage, code) => {
    const collection = await server.collection(people);
    expect(await codeOf(collection.aggregate([stage]).toArray())).toBe(code);
  });
});

describe("a cursor", () => {
  test("delivers everything once, in batches", async () => {
    const collection = await server.collection(Array.from({ length: 1000 }, (_, n) => ({ n })));
    const found = await collection.find({}, { batchSize: 7 }).sort({ n: 1 }).toArray();
    expect(found.map(({ n }) => Number(n))).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    const cursor = collection.find({}, { batchSize: 10 });
    await cursor.next();
    await cursor.close();
    expect(
      await codeOf(
        server.client
          .db("test")
          .command({ getMore: Long.fromNumber(12345), collection: collection.collectionName }),
      ),
    ).toBe(43);
  });

  test("carries documents of many megabytes", async () => {
    const collection = await server.collection();
    const text = "x".repeat(7 * 1024 * 1024);
    for (let i = 0; i < 4; i++) await collection.insertOne({ i, text });
    expect((await collection.find({}).toArray()).map((doc) => (doc["text"] as string).length)).toEqual([
      text.length,
      text.length,
      text.length,
      text.length,
    ]);
    expect(
      await codeOf(collection.updateMany({}, [{ $set: { more: { $concat: ["$text", "$text", "$text"] } } }])),
    ).toBe(10334);
  });

  test("ends with an error when its collection is dropped", async () => {
    const collection = await server.collection(
      Array.from({ length: 3000 }, (_, n) => ({ n, text: "x".repeat(1000) })),
    );
    const cursor = collection.find({}, { batchSize: 10 });
    await cursor.next();
    await collection.drop();
    expect(await codeOf(cursor.toArray())).toBe(175);
  });

  test("stops at maxTimeMS", async () => {
    const list = Array.from({ length: 500 }, (_, i) => i);
    const collection = await server.collection(Array.from({ length: 1000 }, (_, n) => ({ n, list })));
    const slow = {
      $expr: { $eq: [{ $size: { $filter: { input: "$list", cond: { $lt: ["$$this", 0] } } } }, "$n"] },
    };
    expect(await codeOf(collection.find(slow, { maxTimeMS: 30 }).toArray())).toBe(50);
  });
});

test("distinct takes arrays apart", async () => {
  const collection = await server.collection(people);
  expect(await collection.distinct("tags")).toEqual(["a", "b", "c"]);
  expect(await collection.distinct("age", { city: "Rome" })).toEqual([30, 35]);
});
