import {
  BSON,
  Binary,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  type Document,
} from "bson";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { decode, encode } from "@dmtracker/server/embedded-mongo/bson-codec.ts";
import {
  compareValues,
  encodeCompoundKey,
  encodeKey,
} from "@dmtracker/server/embedded-mongo/key-encoding.ts";
import { aRandom } from "./random.ts";
import { aServer, type TestServer } from "./support.ts";

describe("the BSON codec", () => {
  const everything = {
    _id: new ObjectId(),
    10: "a key that is a number",
    2: "another",
    double: new Double(3),
    minusZero: new Double(-0),
    fraction: 1.5,
    large: new Double(1e300),
    int: new Int32(-5),
    long: Long.fromString("9007199254740993"),
    decimal: Decimal128.fromString("1.10"),
    text: "é𝄞\0x",
    long_text: "x".repeat(1000),
    list: [1, [2, { a: null }], "x"],
    date: new Date(-5),
    binary: new Binary(Buffer.from([1, 2, 3]), 0),
    uuid: new Binary(Buffer.alloc(16, 1), 4),
    regex: /a+/i,
    code: new Code("x"),
    scoped: new Code("x", { a: 1 }),
    stamp: new Timestamp({ t: 5, i: 6 }),
    min: new MinKey(),
    max: new MaxKey(),
    yes: true,
    no: false,
    nothing: null,
    empty: {},
  };

  test("gives back the bytes that it was given", () => {
    const bytes = BSON.serialize(everything);
    expect(Buffer.from(encode(decode(bytes))).equals(bytes)).toBe(true);
  });

  test("gives single fields as if it had decoded the whole", () => {
    const bytes = BSON.serialize(everything);
    const whole = decode(bytes);
    for (const name of [...whole.keys(), "absent"]) {
      const expected = [...whole].filter(([key]) => key === name || key === "no");
      expect([...decode(bytes, new Set([name, "no"]))]).toEqual(expected);
    }
  });

  test("refuses every document that is cut short, and never runs out of it", () => {
    const bytes = Buffer.from(BSON.serialize(everything));
    for (let length = 0; length < bytes.length; length++)
      expect(() => decode(bytes.subarray(0, length))).toThrow();
    const random = aRandom(3);
    for (let round = 0; round < 3000; round++) {
      const damaged = Buffer.from(bytes);
      for (let i = 0; i <= random(3); i++) damaged[random(damaged.length)] = random(256);
      try {
        encode(decode(damaged));
      } catch (error) {
        expect((error as { code: number }).code).toBeTypeOf("number");
      }
    }
  });
});

describe("keys", () => {
  const number = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(2 ** 53, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 0, -0, NaN, Infinity),
  );

  test("of numbers are in the order of numbers", () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const isNaN = [a, b].map((value) => Number.isNaN(value));
        const expected =
          isNaN[0] || isNaN[1] ? Number(isNaN[1]) - Number(isNaN[0]) : a < b ? -1 : a > b ? 1 : 0;
        expect(encodeKey(a).compare(encodeKey(b)) || 0).toBe(expected);
        expect(compareValues(a, b) || 0).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("of texts are in the order of their bytes", () => {
    const text = fc.string({ unit: "binary", maxLength: 6 });
    fc.assert(
      fc.property(
        fc.oneof(text, fc.string({ unit: fc.constantFrom("\0", "\x01", "\x02", "a"), maxLength: 4 })),
        text,
        (a, b) => {
          expect(encodeKey(a).compare(encodeKey(b))).toBe(Buffer.from(a).compare(Buffer.from(b)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("of several fields are in the order of the first that differs, in its direction", () => {
    const pair = fc.tuple(
      fc.constantFrom("", "a", "a\0", "a\x01", "aa", "b"),
      fc.constantFrom(1, 2, null, "x"),
    );
    fc.assert(
      fc.property(pair, pair, fc.boolean(), fc.boolean(), (a, b, first, second) => {
        const signs = [first, second].map((descending) => (descending ? -1 : 1));
        const expected = compareValues(a[0], b[0]) * signs[0]! || compareValues(a[1], b[1]) * signs[1]!;
        const order = encodeCompoundKey(a, [first, second]).compare(encodeCompoundKey(b, [first, second]));
        expect(Math.sign(order)).toBe(Math.sign(expected) || 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("random queries", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await aServer();
  });

  const values = [
    null,
    0,
    1,
    2,
    3,
    1.5,
    -1,
    "a",
    "b",
    "",
    true,
    false,
    new Date(0),
    new Date(5),
    [1, 2],
    ["a"],
    [],
    [[1]],
    { x: 1 },
    { x: 2 },
    [{ x: 1 }, { x: 3 }],
    Long.fromNumber(2),
    NaN,
  ];

  function aDocument(random: (below: number) => number): Document {
    const doc: Document = {};
    for (const field of ["a", "b", "c"]) if (random(5) > 0) doc[field] = values[random(values.length)];
    // Two arrays in one document cannot be in one index.
    if (Array.isArray(doc["b"]))
      for (const field of ["a", "c"]) if (Array.isArray(doc[field])) delete doc[field];
    return doc;
  }

  function aCondition(random: (below: number) => number): unknown {
    const value = values[random(values.length)];
    const list = [value, values[random(values.length)]];
    return [
      value,
      { $gt: value },
      { $gte: value },
      { $lt: value },
      { $lte: value },
      { $in: list },
      { $ne: value },
      { $nin: list },
      { $exists: random(2) === 0 },
      { $gte: value, $lt: list[1] },
      { $type: "number" },
      { $elemMatch: { $gte: value } },
    ][random(12)];
  }

  function aFilter(random: (below: number) => number, depth = 0): Document {
    const filter: Document = {};
    for (const path of ["a", "b", "c", "a.x"]) if (random(3) === 0) filter[path] = aCondition(random);
    if (depth === 0 && random(3) === 0) filter["$or"] = [aFilter(random, 1), aFilter(random, 1)];
    return filter;
  }

  test.each([1, 2, 3])("find the same with indexes as without, through changes, seed %i", async (seed) => {
    const random = aRandom(seed);
    const docs = Array.from({ length: 60 }, (_, _id) => ({ _id, ...aDocument(random) }));
    const [plain, indexed] = [await server.collection(docs), await server.collection()];
    await indexed.createIndexes([
      { key: { a: 1 } },
      { key: { a: -1, b: 1 } },
      { key: { b: 1, c: -1 } },
      { key: { "a.x": 1 } },
      { key: { c: 1 }, sparse: true, name: "s" },
      { key: { c: -1 }, partialFilterExpression: { c: { $gt: 0 } }, name: "p" },
    ]);
    await indexed.insertMany(docs as Document[]);
    for (let round = 0; round < 150; round++) {
      const filter = aFilter(random);
      const sort = { [["a", "b", "c"][random(3)]!]: random(2) === 0 ? 1 : -1, _id: 1 } as const;
      const ask = async (collection: typeof plain) =>
        (await collection.find(filter).sort(sort).toArray()).map(({ _id }) => Number(_id));
      expect(await ask(indexed), JSON.stringify({ filter, sort })).toEqual(await ask(plain));
      expect(await indexed.countDocuments(filter), JSON.stringify(filter)).toBe((await ask(plain)).length);
      const change = { _id: random(60), doc: aDocument(random) };
      for (const collection of [plain, indexed]) {
        if (change._id % 7 === 0) await collection.deleteOne({ _id: change._id as never });
        else await collection.replaceOne({ _id: change._id as never }, change.doc, { upsert: true });
      }
    }
  });
});
