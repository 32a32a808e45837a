import { Decimal128, Double, Long, type Document, type UpdateOptions } from "mongodb";
import { beforeAll, describe, expect, test } from "vitest";
import { aServer, codeOf, type TestServer } from "./support.ts";

const CASES: [
  title: string,
  before: Document,
  update: Document | Document[],
  after: Document,
  options?: UpdateOptions & { filter?: Document },
][] = [
  ["$set", { a: 1 }, { $set: { a: 2, b: 3 } }, { a: 2, b: 3 }],
  ["$set makes documents on its path", {}, { $set: { "a.b.c": 1 } }, { a: { b: { c: 1 } } }],
  ["$set adds new fields by name", {}, { $set: { b: 1, a: 2 } }, { a: 2, b: 1 }],
  ["$set in an array by position", { a: [1, 2, 3] }, { $set: { "a.1": 9 } }, { a: [1, 9, 3] }],
  ["$set beyond the end fills with null", { a: [1] }, { $set: { "a.3": 9 } }, { a: [1, null, null, 9] }],
  ["$set of a number on a missing path makes a document", {}, { $set: { "a.0": 1 } }, { a: { 0: 1 } }],
  ["$set in an element", { a: [{ b: 1 }] }, { $set: { "a.0.b": 2 } }, { a: [{ b: 2 }] }],
  ["$unset", { a: 1, b: 2 }, { $unset: { a: "" } }, { b: 2 }],
  ["$unset on a nested path", { a: { b: 1, c: 2 } }, { $unset: { "a.b": 1 } }, { a: { c: 2 } }],
  ["$unset of an element leaves null", { a: [1, 2] }, { $unset: { "a.0": 1 } }, { a: [null, 2] }],
  ["$unset of what is not there", { a: 1 }, { $unset: { "b.c": 1 } }, { a: 1 }],
  ["$inc", { a: 1 }, { $inc: { a: 2 } }, { a: 3 }],
  ["$inc on nothing", {}, { $inc: { "a.b": 2 } }, { a: { b: 2 } }],
  ["$inc keeps a double a double", { a: 1.5 }, { $inc: { a: 1 } }, { a: 2.5 }],
  ["$inc turns an int that overflows into a long", { a: 2147483647 }, { $inc: { a: 1 } }, { a: 2147483648 }],
  ["$inc by a fraction", { a: 1 }, { $inc: { a: 0.5 } }, { a: 1.5 }],
  [
    "$inc of a decimal",
    { a: Decimal128.fromString("0.1") },
    { $inc: { a: Decimal128.fromString("0.2") } },
    { a: Decimal128.fromString("0.3") },
  ],
  ["$mul", { a: 3 }, { $mul: { a: 2 } }, { a: 6 }],
  ["$mul on nothing is zero", {}, { $mul: { a: 2 } }, { a: 0 }],
  ["$min", { a: 5, b: 5 }, { $min: { a: 3, b: 7, c: 1 } }, { a: 3, b: 5, c: 1 }],
  ["$max", { a: 5, b: 5 }, { $max: { a: 3, b: 7, c: 1 } }, { a: 5, b: 7, c: 1 }],
  ["$max compares types", { a: 5 }, { $max: { a: "x" } }, { a: "x" }],
  ["$rename", { a: 1, b: 2 }, { $rename: { a: "c" } }, { b: 2, c: 1 }],
  ["$rename into a document", { a: 1, b: {} }, { $rename: { a: "b.c" } }, { b: { c: 1 } }],
  ["$rename of nothing", { b: 1 }, { $rename: { a: "c" } }, { b: 1 }],
  ["$push", { a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
  ["$push on nothing", {}, { $push: { a: 2 } }, { a: [2] }],
  ["$push $each", { a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
  ["$push $position", { a: [1, 2] }, { $push: { a: { $each: [9], $position: 1 } } }, { a: [1, 9, 2] }],
  [
    "$push $position from the end",
    { a: [1, 2] },
    { $push: { a: { $each: [9], $position: -1 } } },
    { a: [1, 9, 2] },
  ],
  ["$push $slice", { a: [1, 2] }, { $push: { a: { $each: [3], $slice: -2 } } }, { a: [2, 3] }],
  ["$push $slice from the front", { a: [1, 2] }, { $push: { a: { $each: [3], $slice: 2 } } }, { a: [1, 2] }],
  ["$push $sort", { a: [3, 1] }, { $push: { a: { $each: [2], $sort: -1 } } }, { a: [3, 2, 1] }],
  [
    "$push $sort by field",
    { a: [{ x: 3 }, { x: 1 }] },
    { $push: { a: { $each: [{ x: 2 }], $sort: { x: 1 } } } },
    { a: [{ x: 1 }, { x: 2 }, { x: 3 }] },
  ],
  ["$push of an array", { a: [1] }, { $push: { a: [2] } }, { a: [1, [2]] }],
  ["$addToSet", { a: [1] }, { $addToSet: { a: 1 } }, { a: [1] }],
  ["$addToSet of something new", { a: [1] }, { $addToSet: { a: 2 } }, { a: [1, 2] }],
  ["$addToSet $each", { a: [1] }, { $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1, 2] }],
  ["$addToSet on nothing", {}, { $addToSet: { a: 1 } }, { a: [1] }],
  [
    "$addToSet knows the order of fields",
    { a: [{ x: 1, y: 2 }] },
    { $addToSet: { a: { y: 2, x: 1 } } },
    {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    },
  ],
  ["$pull by value", { a: [1, 2, 1] }, { $pull: { a: 1 } }, { a: [2] }],
  ["$pull by condition", { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
  ["$pull by fields", { a: [{ x: 1, y: 1 }, { x: 2 }] }, { $pull: { a: { x: 1 } } }, { a: [{ x: 2 }] }],
  ["$pull $in", { a: [1, 2, 3] }, { $pull: { a: { $in: [1, 3] } } }, { a: [2] }],
  ["$pull from nothing", {}, { $pull: { a: 1 } }, {}],
  ["$pullAll", { a: [1, 2, 3, 1] }, { $pullAll: { a: [1, 3] } }, { a: [2] }],
  ["$pop last", { a: [1, 2] }, { $pop: { a: 1 } }, { a: [1] }],
  ["$pop first", { a: [1, 2] }, { $pop: { a: -1 } }, { a: [2] }],
  ["$[]", { a: [1, 2] }, { $inc: { "a.$[]": 10 } }, { a: [11, 12] }],
  [
    "$[] within elements",
    { a: [{ b: 1 }, { b: 2 }] },
    { $set: { "a.$[].b": 0 } },
    { a: [{ b: 0 }, { b: 0 }] },
  ],
  [
    "arrayFilters",
    { a: [1, 5, 9] },
    { $set: { "a.$[big]": 0 } },
    { a: [1, 0, 0] },
    { arrayFilters: [{ big: { $gte: 5 } }] },
  ],
  [
    "arrayFilters on fields",
    {
      a: [
        { x: 1, n: 0 },
        { x: 2, n: 0 },
      ],
    },
    { $inc: { "a.$[e].n": 1 } },
    {
      a: [
        { x: 1, n: 0 },
        { x: 2, n: 1 },
      ],
    },
    { arrayFilters: [{ "e.x": 2 }] },
  ],
  ["the positional $", { a: [1, 5, 9] }, { $set: { "a.$": 0 } }, { a: [1, 0, 9] }, { filter: { a: 5 } }],
  [
    "the positional $ with $elemMatch",
    { a: [{ x: 1 }, { x: 2 }] },
    { $set: { "a.$.y": 1 } },
    { a: [{ x: 1 }, { x: 2, y: 1 }] },
    { filter: { a: { $elemMatch: { x: 2 } } } },
  ],
  [
    "the positional $ by a field",
    { a: [{ x: 1 }, { x: 2 }] },
    { $set: { "a.$.x": 9 } },
    { a: [{ x: 1 }, { x: 9 }] },
    { filter: { "a.x": 2 } },
  ],
  ["$setOnInsert does nothing to what exists", { a: 1 }, { $setOnInsert: { b: 1 } }, { a: 1 }],
  [
    "several operators",
    { a: 1, b: [1] },
    { $inc: { a: 1 }, $push: { b: 2 }, $set: { c: 3 } },
    { a: 2, b: [1, 2], c: 3 },
  ],
  ["a pipeline", { a: 2 }, [{ $set: { b: { $multiply: ["$a", 3] } } }, { $unset: "a" }], { b: 6 }],
  [
    "fields named like numbers stay in place",
    { z: 1 },
    { $set: { "counts.2024": 1, "counts.100": 2 } },
    { z: 1, counts: { 100: 2, 2024: 1 } },
  ],
];

const REFUSED: [title: string, before: Document, update: Document, code: number, options?: UpdateOptions][] =
  [
    ["an unknown operator", {}, { $foo: { a: 1 } }, 9],
    ["$bit", { a: 1 }, { $bit: { a: { or: 1 } } }, 9],
    ["an operator that is no document", {}, { $set: 1 }, 9],
    ["two changes of one path", {}, { $set: { a: 1 }, $inc: { a: 1 } }, 40],
    ["a change inside another", {}, { $set: { a: 1, "a.b": 2 } }, 40],
    ["$inc of a string", { a: "x" }, { $inc: { a: 1 } }, 14],
    ["$inc by a string", { a: 1 }, { $inc: { a: "1" } }, 14],
    ["$inc beyond a long", { a: Long.MAX_VALUE }, { $inc: { a: 1 } }, 2],
    ["$push to a number", { a: 1 }, { $push: { a: 1 } }, 2],
    ["$push with an unknown clause", { a: [] }, { $push: { a: { $each: [1], $foo: 1 } } }, 2],
    ["$addToSet to a number", { a: 1 }, { $addToSet: { a: 1 } }, 2],
    ["$pull from a number", { a: 1 }, { $pull: { a: 1 } }, 2],
    ["$pop from a number", { a: 1 }, { $pop: { a: 1 } }, 14],
    ["$pop by 2", { a: [] }, { $pop: { a: 2 } }, 9],
    ["a path through a number", { a: 1 }, { $set: { "a.b": 1 } }, 28],
    ["a path through null", { a: null }, { $set: { "a.b": 1 } }, 28],
    ["a name in an array", { a: [1] }, { $set: { "a.b": 1 } }, 28],
    ["an empty path", {}, { $set: { "": 1 } }, 56],
    ["a path with an empty part", {}, { $set: { "a..b": 1 } }, 56],
    ["a dollar name", {}, { $set: { $a: 1 } }, 52],
    ["another _id", {}, { $set: { _id: 99 } }, 66],
    ["no _id", {}, { $unset: { _id: 1 } }, 66],
    ["$ without a match", { a: [1] }, { $set: { "a.$": 1 } }, 2],
    ["$[] on a number", { a: 1 }, { $set: { "a.$[]": 1 } }, 2],
    ["an unknown array filter", { a: [1] }, { $set: { "a.$[x]": 1 } }, 2],
    ["an unused array filter", { a: [1] }, { $set: { a: 1 } }, 9, { arrayFilters: [{ x: 1 }] }],
    ["$rename to itself", { a: 1 }, { $rename: { a: "a" } }, 2],
    ["$currentDate of nonsense", {}, { $currentDate: { a: "x" } }, 2],
  ];

let server: TestServer;
beforeAll(async () => {
  server = await aServer();
});

describe("an update", () => {
  test.each(CASES)("%s", async (_title, before, update, after, options = {}) => {
    const { filter = {}, ...rest } = options;
    const collection = await server.collection([{ _id: 1, ...before }] as Document[]);
    await collection.updateOne({ _id: 1, ...filter } as Document, update, rest);
    const found = await collection.findOne({});
    expect(JSON.stringify(found)).toBe(JSON.stringify({ _id: 1, ...after }));
  });

  test.each(REFUSED)("refuses %s", async (_title, before, update, code, options = {}) => {
    const collection = await server.collection([{ _id: 1, ...before }] as Document[]);
    expect(await codeOf(collection.updateOne({}, update, options))).toBe(code);
    expect(await collection.findOne({}, { promoteLongs: true })).toEqual({ _id: 1, ...before });
  });

  test("keeps the types of everything that it does not touch", async () => {
    const values = {
      int: 1,
      double: new Double(1),
      long: Long.fromNumber(1),
      decimal: Decimal128.fromString("1.00"),
      nested: [new Double(2), Long.fromNumber(3)],
    };
    const collection = await server.collection([{ _id: 1, ...values }] as Document[]);
    await collection.updateOne({}, { $set: { x: 1 } });
    for (const [field, type] of [
      ["int", "int"],
      ["double", "double"],
      ["long", "long"],
      ["decimal", "decimal"],
      ["nested.0", "double"],
      ["nested.1", "long"],
    ]) {
      expect(await collection.countDocuments({ [field!]: { $type: type! } }), field).toBe(1);
    }
  });

  test("reports what it did: matched, modified, upserted", async () => {
    const collection = await server.collection([
      { _id: 1, a: 1 },
      { _id: 2, a: 1 },
    ] as Document[]);
    expect(await collection.updateMany({ a: 1 }, { $set: { a: 1 } })).toMatchObject({
      matchedCount: 2,
      modifiedCount: 0,
    });
    expect(await collection.updateMany({ a: 1 }, { $inc: { a: 1 } })).toMatchObject({
      matchedCount: 2,
      modifiedCount: 2,
    });
    expect(await collection.updateOne({ a: 9 }, { $set: { b: 1 } })).toMatchObject({
      matchedCount: 0,
      modifiedCount: 0,
      upsertedCount: 0,
    });
  });

  test("updateMany changes each document once, although it moves in the index that found it", async () => {
    const collection = await server.collection(Array.from({ length: 500 }, (_, n) => ({ n })));
    await collection.createIndex({ n: 1 });
    await collection.updateMany({ n: { $gte: 0 } }, { $inc: { n: 7 } });
    const found = await collection.find({}).sort({ n: 1 }).toArray();
    expect(found.map(({ n }) => n as number)).toEqual(Array.from({ length: 500 }, (_, n) => n + 7));
  });
});

describe("an upsert", () => {
  const UPSERTS: [title: string, filter: Document, update: Document, after: Document][] = [
    ["takes equalities of the filter", { a: 1, b: { $eq: 2 } }, { $set: { c: 3 } }, { a: 1, b: 2, c: 3 }],
    ["takes nested equalities", { "a.b": 1 }, { $set: { c: 3 } }, { a: { b: 1 }, c: 3 }],
    ["takes those in $and", { $and: [{ a: 1 }, { b: 2 }] }, { $set: { c: 3 } }, { a: 1, b: 2, c: 3 }],
    ["leaves out ranges", { a: { $gt: 1 } }, { $set: { c: 3 } }, { c: 3 }],
    ["uses $setOnInsert", { a: 1 }, { $setOnInsert: { b: 2 }, $inc: { n: 1 } }, { a: 1, b: 2, n: 1 }],
    ["pushes into a new array", { a: 1 }, { $push: { b: 1 } }, { a: 1, b: [1] }],
  ];
  test.each(UPSERTS)("%s", async (_title, filter, update, after) => {
    const collection = await server.collection();
    const result = await collection.updateOne(filter, update, { upsert: true });
    expect(result).toMatchObject({ matchedCount: 0, upsertedCount: 1 });
    expect(await collection.findOne({})).toEqual({ _id: result.upsertedId, ...after });
    expect(await collection.updateOne(filter, update, { upsert: true })).toMatchObject({
      upsertedCount: "c" in after && "a" in filter && typeof filter["a"] === "object" ? 1 : 0,
    });
  });

  test("takes the _id of the filter, also for a replacement", async () => {
    const collection = await server.collection();
    await collection.updateOne({ _id: 5 as never }, { $set: { a: 1 } }, { upsert: true });
    await collection.replaceOne({ _id: 6 as never, x: 1 }, { a: 2 }, { upsert: true });
    expect(await collection.find({}).sort({ _id: 1 }).toArray()).toEqual([
      { _id: 5, a: 1 },
      { _id: 6, a: 2 },
    ]);
  });
});

describe("findAndModify", () => {
  test("returns the document before or after, or what it removed", async () => {
    const collection = await server.collection([
      { _id: 1, a: 1 },
      { _id: 2, a: 2 },
    ] as Document[]);
    expect(await collection.findOneAndUpdate({ a: 1 }, { $inc: { a: 10 } })).toEqual({ _id: 1, a: 1 });
    expect(
      await collection.findOneAndUpdate(
        { _id: 1 as never },
        { $inc: { a: 10 } },
        { returnDocument: "after", projection: { _id: 0 } },
      ),
    ).toEqual({ a: 21 });
    expect(
      await collection.findOneAndReplace({ _id: 1 as never }, { b: 1 }, { returnDocument: "after" }),
    ).toEqual({ _id: 1, b: 1 });
    expect(await collection.findOneAndDelete({}, { sort: { _id: -1 } })).toEqual({ _id: 2, a: 2 });
    expect(await collection.findOneAndUpdate({ x: 1 }, { $set: { y: 1 } })).toBeNull();
    const upserted = await collection.findOneAndUpdate(
      { x: 1 },
      { $set: { y: 1 } },
      { upsert: true, returnDocument: "after", includeResultMetadata: true },
    );
    expect(upserted).toMatchObject({
      lastErrorObject: { n: 1, updatedExisting: false },
      value: { x: 1, y: 1 },
    });
  });

  test("takes the first in the order asked for", async () => {
    const collection = await server.collection([3, 1, 2].map((p) => ({ _id: p, p, taken: false })));
    const take = () =>
      collection.findOneAndUpdate({ taken: false }, { $set: { taken: true } }, { sort: { p: -1 } });
    expect([(await take())?.["p"], (await take())?.["p"], (await take())?.["p"], await take()]).toEqual([
      3,
      2,
      1,
      null,
    ]);
  });
});
