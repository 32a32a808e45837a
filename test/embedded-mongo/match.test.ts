import { Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, type Document } from "mongodb";
import { beforeAll, describe, expect, test } from "vitest";
import { aServer, codeOf, type TestServer } from "./support.ts";

const oid = new ObjectId("64b000000000000000000001");
const day = (n: number) => new Date(Date.UTC(2024, 0, n));

/** filter, values of `a` that match, values of `a` that do not; `undefined` is a document without `a`. */
const CASES: [title: string, filter: Document, matching: unknown[], others: unknown[]][] = [
  [
    "equality with a number of any type",
    { a: 1 },
    [1, new Double(1), Long.fromNumber(1), Decimal128.fromString("1.0")],
    [2, "1", true, null, undefined],
  ],
  [
    "equality with a long beyond doubles",
    { a: Long.fromString("9007199254740993") },
    [Long.fromString("9007199254740993")],
    [9007199254740992, Long.fromString("9007199254740992")],
  ],
  [
    "equality with a decimal that no double is",
    { a: Decimal128.fromString("0.1") },
    [Decimal128.fromString("0.10")],
    [0.1],
  ],
  ["equality with a string", { a: "x" }, ["x", ["y", "x"]], ["X", ["y"], [["x"]], "x ", undefined]],
  ["equality with null", { a: null }, [null, undefined, [1, null]], [0, "", false, [], {}]],
  ["equality with true", { a: true }, [true, [true]], [1, "true", false]],
  ["equality with a date", { a: day(1) }, [day(1)], [day(2), day(1).getTime()]],
  ["equality with an ObjectId", { a: oid }, [oid, [oid]], [oid.toHexString(), new ObjectId()]],
  [
    "equality with an array",
    { a: [1, 2] },
    [
      [1, 2],
      [[1, 2], 3],
    ],
    [[2, 1], [1, 2, 3], 1],
  ],
  ["equality with an empty array", { a: [] }, [[], [[]]], [null, undefined, [1]]],
  [
    "equality with a document, in its order",
    { a: { x: 1, y: 2 } },
    [{ x: 1, y: 2 }],
    [{ y: 2, x: 1 }, { x: 1 }, { x: 1, y: 2, z: 3 }],
  ],
  ["equality with a regular expression", { a: /^b/i }, ["bc", "BC", ["x", "b"]], ["ab", 1, null]],
  ["$eq", { a: { $eq: 1 } }, [1, [1]], [2]],
  ["$ne", { a: { $ne: 1 } }, [2, "1", null, undefined, [2, 3]], [1, [1, 2]]],
  ["$ne null", { a: { $ne: null } }, [1, [], {}], [null, undefined, [null]]],
  [
    "$gt on numbers",
    { a: { $gt: 5 } },
    [6, 5.5, Long.fromNumber(6), [1, 6]],
    [5, 4, "6", null, undefined, NaN, [1, 2]],
  ],
  ["$gte on numbers", { a: { $gte: 5 } }, [5, 6], [4.9, NaN, "5"]],
  ["$lt on numbers", { a: { $lt: 5 } }, [4, -Infinity, [9, 1]], [5, NaN, null, "4"]],
  ["$lte on numbers", { a: { $lte: 5 } }, [5, 4], [5.1, NaN]],
  ["$gte NaN finds NaN only", { a: { $gte: NaN } }, [NaN], [1, null]],
  ["$gt on strings", { a: { $gt: "b" } }, ["c", "ba"], ["b", "a", 99]],
  ["$gte empty string finds all strings", { a: { $gte: "" } }, ["", "x"], [1, null, undefined]],
  ["$gt on dates", { a: { $gt: day(2) } }, [day(3)], [day(2), day(3).getTime()]],
  [
    "$lt on ObjectIds",
    { a: { $lt: oid } },
    [new ObjectId("64a000000000000000000001")],
    [oid, "64a000000000000000000001"],
  ],
  ["$gte on booleans", { a: { $gte: false } }, [true, false], [0, 1]],
  ["$gte null", { a: { $gte: null } }, [null, undefined], [0, ""]],
  ["$gt on documents", { a: { $gt: { x: 1 } } }, [{ x: 2 }, { x: 1, y: 0 }], [{ x: 1 }, 5]],
  ["$gt MinKey", { a: { $gt: new MinKey() } }, [1, "x", null, new MaxKey()], [new MinKey()]],
  ["$lt MaxKey", { a: { $lt: new MaxKey() } }, [1, "x"], [new MaxKey()]],
  ["a range within an array may be met by two elements", { a: { $gt: 5, $lt: 3 } }, [[1, 9]], [4, [4]]],
  ["$in", { a: { $in: [1, "x", null] } }, [1, "x", null, undefined, [1]], [2, "y"]],
  ["$in with a regular expression", { a: { $in: [/^x/, 1] } }, ["xy", 1], ["y"]],
  ["$in with an array", { a: { $in: [[1, 2]] } }, [[1, 2], [[1, 2]]], [1]],
  ["$in of nothing", { a: { $in: [] } }, [], [1, null, undefined]],
  ["$nin", { a: { $nin: [1, 2] } }, [3, undefined, null], [1, [2, 5]]],
  ["$nin null", { a: { $nin: [null] } }, [1], [null, undefined]],
  ["$exists", { a: { $exists: true } }, [1, null, []], [undefined]],
  ["$exists false", { a: { $exists: false } }, [undefined], [null, 1]],
  ["$and", { $and: [{ a: { $gt: 1 } }, { a: { $lt: 4 } }] }, [2, 3], [1, 4]],
  ["$or", { $or: [{ a: 1 }, { a: 2 }] }, [1, 2], [3, undefined]],
  ["$nor", { $nor: [{ a: 1 }, { a: 2 }] }, [3, undefined], [1, 2]],
  ["$not", { a: { $not: { $gt: 5 } } }, [5, "x", undefined, null], [6]],
  ["$not with a regular expression", { a: { $not: /^x/ } }, ["y", 1, undefined], ["xy"]],
  ["$not with several operators", { a: { $not: { $gt: 1, $lt: 5 } } }, [1, 5], [3]],
  [
    "$all",
    { a: { $all: [1, 2] } },
    [
      [2, 1],
      [1, 2, 3],
    ],
    [[1], 1],
  ],
  ["$all of one", { a: { $all: [1] } }, [1, [1]], [[2]]],
  ["$all of nothing", { a: { $all: [] } }, [], [[], 1]],
  [
    "$all with $elemMatch",
    { a: { $all: [{ $elemMatch: { x: 1, y: 2 } }] } },
    [[{ x: 1, y: 2 }]],
    [[{ x: 1 }, { y: 2 }]],
  ],
  [
    "$elemMatch on fields",
    { a: { $elemMatch: { x: 1, y: { $gt: 2 } } } },
    [[{ x: 1, y: 3 }]],
    [
      [
        { x: 1, y: 1 },
        { x: 2, y: 3 },
      ],
      { x: 1, y: 3 },
    ],
  ],
  ["$elemMatch on values", { a: { $elemMatch: { $gt: 5, $lt: 8 } } }, [[1, 6]], [[1, 9], 6]],
  ["$elemMatch with $or", { a: { $elemMatch: { $or: [{ x: 1 }, { x: 2 }] } } }, [[{ x: 2 }]], [[{ x: 3 }]]],
  [
    "$size",
    { a: { $size: 2 } },
    [
      [1, 2],
      [[], []],
    ],
    [[1], 2, undefined],
  ],
  ["$size 0", { a: { $size: 0 } }, [[]], [undefined, null, [1]]],
  ["$type by name", { a: { $type: "string" } }, ["x", ["x"]], [1, null, undefined]],
  [
    "$type number",
    { a: { $type: "number" } },
    [1, 1.5, Long.fromNumber(1), Decimal128.fromString("1")],
    ["1", true],
  ],
  ["$type by number", { a: { $type: 16 } }, [new Int32(1)], [1.5, Long.fromNumber(1)]],
  ["$type array", { a: { $type: "array" } }, [[], [1]], [1]],
  ["$type list", { a: { $type: ["string", "null"] } }, ["x", null], [1, undefined]],
  ["$type bool", { a: { $type: "bool" } }, [true, false], [0]],
  ["$regex with options", { a: { $regex: "^AB", $options: "i" } }, ["abc"], ["xab"]],
  ["$regex over lines", { a: { $regex: "^b$", $options: "m" } }, ["a\nb"], ["ab"]],
  ["$mod", { a: { $mod: [3, 1] } }, [1, 4, 4.5], [3, "1", null]],
  ["$expr", { $expr: { $gt: ["$a", 2] } }, [3, "x"], [1, undefined]],
  ["$expr with an equality", { $expr: { $eq: ["$a", 2] } }, [2, new Double(2)], [1, [2], undefined]],
  [
    "a nested path",
    { "a.b": 1 },
    [{ b: 1 }, [{ b: 1 }], { b: [1] }, [{ b: 2 }, { b: 1 }]],
    [{ b: 2 }, 1, { c: { b: 1 } }],
  ],
  [
    "a nested path and null",
    { "a.b": null },
    [{}, { b: null }, 5, undefined, [{ c: 1 }]],
    [{ b: 1 }, [], [5]],
  ],
  [
    "a nested path that must not exist",
    { "a.b": { $exists: false } },
    [{}, 5, undefined, [], [5]],
    [{ b: 1 }, [{ b: null }]],
  ],
  ["a position in an array", { "a.1": 2 }, [[1, 2], { 1: 2 }], [[2, 1], [2]]],
  ["a field of an element at a position", { "a.0.b": 2 }, [[{ b: 2 }]], [[{ b: 1 }, { b: 2 }]]],
  ["a path through two arrays", { "a.b.c": 1 }, [[{ b: [{ c: 1 }] }]], [[{ b: [{ c: 2 }] }]]],
  ["$ne on a nested path", { "a.b": { $ne: 1 } }, [{ b: 2 }, [{ b: 2 }], undefined], [[{ b: 2 }, { b: 1 }]]],
  ["several conditions on one field", { a: { $gte: 2, $lte: 4, $ne: 3 } }, [2, 4], [3, 1, 5]],
  ["$comment says nothing", { $comment: "x", a: 1 }, [1], [2]],
];

const REFUSED: [title: string, filter: Document, code: number][] = [
  ["$where", { $where: "true" }, 2],
  ["$text", { $text: { $search: "x" } }, 2],
  ["$near", { a: { $near: [0, 0] } }, 2],
  ["$geoWithin", { a: { $geoWithin: {} } }, 2],
  ["$jsonSchema", { $jsonSchema: {} }, 2],
  ["an unknown operator", { a: { $foo: 1 } }, 2],
  ["$and of nothing", { $and: [] }, 2],
  ["$or that is no list", { $or: {} }, 2],
  ["$in that is no list", { a: { $in: 1 } }, 2],
  ["$all that is no list", { a: { $all: 1 } }, 2],
  ["$size that is no number", { a: { $size: "x" } }, 9],
  ["$size below zero", { a: { $size: -1 } }, 2],
  ["$type unknown", { a: { $type: "foo" } }, 2],
  ["$options without $regex", { a: { $options: "i" } }, 2],
  ["a broken regular expression", { a: { $regex: "(" } }, 51091],
  ["$mod by zero", { a: { $mod: [0, 1] } }, 2],
  ["$elemMatch that is no document", { a: { $elemMatch: 1 } }, 2],
  ["$not that is no expression", { a: { $not: 1 } }, 2],
  ["$ne with a regular expression", { a: { $ne: /x/ } }, 2],
  ["an unknown expression", { $expr: { $foo: 1 } }, 168],
];

let server: TestServer;
beforeAll(async () => {
  server = await aServer();
});

function documentsOf(values: unknown[], from: number): Document[] {
  return values.map((value, i) => (value === undefined ? { _id: from + i } : { _id: from + i, a: value }));
}

describe("a filter", () => {
  test.each(CASES)("%s", async (_title, filter, matching, others) => {
    const plain = await server.collection([...documentsOf(matching, 0), ...documentsOf(others, 100)]);
    const wanted = matching.map((_, i) => i);
    const find = async () =>
      (await plain.find(filter).sort({ _id: 1 }).toArray()).map(({ _id }) => _id as unknown);
    expect(await find()).toEqual(wanted);
    // The same through an index, in both directions.
    for (const key of [{ a: 1 }, { a: -1 }] as const) {
      const name = await plain.createIndex(key);
      expect(await find()).toEqual(wanted);
      expect(await plain.countDocuments(filter)).toBe(wanted.length);
      await plain.dropIndex(name);
    }
  });

  test.each(REFUSED)("refuses %s", async (_title, filter, code) => {
    const collection = await server.collection([{ a: 1 }]);
    expect(await codeOf(collection.find(filter).toArray())).toBe(code);
    expect(await codeOf(collection.deleteMany(filter))).toBe(code);
  });
});
