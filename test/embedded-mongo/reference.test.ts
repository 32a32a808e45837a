import { Decimal128, type Document, Double, EJSON, Long, ObjectId } from "bson";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InnerClient, anInnerClient } from "./inner-client.ts";
import { NoReference, type Plain, Refused, copy, matches, update } from "./reference.ts";

const RUNS = Number(process.env["DB_REFERENCE_RUNS"] ?? 1000);

let client: InnerClient;
beforeAll(() => {
  client = anInnerClient();
});
afterAll(() => client.instance.engine.store.close());

const scalar = fc.constantFrom<unknown>(
  null,
  0,
  1,
  2,
  -3,
  1.5,
  new Double(2),
  Long.fromNumber(1),
  Long.fromString("9007199254740993"),
  Decimal128.fromString("1"),
  Decimal128.fromString("2.5"),
  "",
  "a",
  "b",
  "ab",
  true,
  false,
  new Date(0),
  new Date(5),
  new ObjectId("64b000000000000000000001"),
  new ObjectId("64b000000000000000000002"),
);
const flat = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom("b", "c"), scalar, { maxKeys: 2, noNullPrototype: true }),
  },
);
const value = fc.oneof(
  { weight: 3, arbitrary: flat },
  { weight: 1, arbitrary: fc.array(flat, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom("b", "c", "0"), flat, { maxKeys: 2, noNullPrototype: true }),
  },
);
const document = fc.dictionary(fc.constantFrom("a", "d"), value, { maxKeys: 2, noNullPrototype: true });
const path = fc.constantFrom("a", "a", "d", "a.b", "a.0", "a.b.c", "a.0.b", "a.c");

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ $eq: value }),
  fc.record({ $ne: value }),
  ...["$gt", "$gte", "$lt", "$lte"].map((operator) => scalar.map((bound) => ({ [operator]: bound }))),
  fc.record({ $in: fc.array(value, { maxLength: 3 }) }),
  fc.record({ $nin: fc.array(value, { maxLength: 3 }) }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({
    $type: fc.constantFrom("null", "number", "string", "object", "array", "objectId", "bool", "date"),
  }),
  fc.record({ $size: fc.nat(3) }),
  fc.record({ $all: fc.array(flat, { maxLength: 2 }) }),
  fc.record({ $mod: fc.tuple(fc.constantFrom(2, 3), fc.constantFrom(0, 1)) }),
  fc.record({ $regex: fc.constantFrom("a", "^a", "b$", "^$") }),
  fc.tuple(scalar, scalar).map(([low, high]) => ({ $gte: low, $lt: high })),
);
const condition: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: leaf },
  { weight: 2, arbitrary: value },
  { weight: 1, arbitrary: fc.record({ $not: leaf }) },
  { weight: 1, arbitrary: fc.record({ $elemMatch: leaf }) },
  { weight: 1, arbitrary: fc.record({ $elemMatch: fc.record({ b: leaf }) }) },
);
const conjunction = fc.dictionary(path, condition, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
const filter = fc.oneof(
  { weight: 4, arbitrary: conjunction },
  ...["$and", "$or", "$nor"].map((operator) => ({
    weight: 1,
    arbitrary: fc.array(conjunction, { minLength: 1, maxLength: 2 }).map((parts) => ({ [operator]: parts })),
  })),
);

async function idsOf(command: Document): Promise<number[]> {
  const reply = await client.ask({ find: "rows", projection: { _id: 1 }, ...command });
  if (reply["ok"] !== 1) throw new Error(String(reply["errmsg"]));
  return (reply["cursor"] as { firstBatch: { _id: number }[] }).firstBatch.map(({ _id }) => _id);
}

function isIndexable(doc: Plain): boolean {
  return !(Array.isArray(doc["a"]) && Array.isArray(doc["d"]));
}

describe("on generated documents", () => {
  test("filters find what the documentation says, with and without indexes", async () => {
    await client.ask({ create: "rows" });
    const keys = [{ a: 1 }, { a: -1, d: 1 }, { "a.b": 1 }, { d: 1 }, { "a.0": 1 }];
    const indexes = keys.map((key, i) => ({ key, name: `i${i}` }));
    await client.ask({ createIndexes: "rows", indexes });
    const docs = fc.array(document.filter(isIndexable), { minLength: 5, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(docs, fc.array(filter, { minLength: 4, maxLength: 4 }), async (some, filters) => {
        await client.ask({ delete: "rows", deletes: [{ q: {}, limit: 0 }] });
        const rows = some.map((doc, _id) => ({ _id, ...doc }));
        expect((await client.ask({ insert: "rows", documents: rows }))["writeErrors"]).toBeUndefined();
        for (const one of filters) {
          const expected = rows.filter((row) => matches(row, one)).map(({ _id }) => _id);
          const asked = EJSON.stringify(one);
          expect(await idsOf({ filter: one, hint: { $natural: 1 } }), asked).toEqual(expected);
          expect(
            (await idsOf({ filter: one })).sort((a, b) => a - b),
            `${asked} by an index`,
          ).toEqual(expected);
        }
      }),
      { numRuns: RUNS / 4 },
    );
  });

  const number = fc.constantFrom<unknown>(0, 1, 5, -2, 2.5, new Double(2), Long.fromNumber(3), 2 ** 31 - 1);
  const change: fc.Arbitrary<[operator: string, operand: unknown]> = fc.oneof(
    ...["$set", "$min", "$max", "$addToSet"].map((operator) =>
      value.map((operand) => [operator, operand] as [string, unknown]),
    ),
    fc.constant<[string, unknown]>(["$unset", ""]),
    fc.tuple(fc.constantFrom("$inc", "$mul"), number),
    flat.map((operand) => ["$push", operand] as [string, unknown]),
    fc
      .record(
        {
          $each: fc.array(flat, { maxLength: 3 }),
          $position: fc.nat(3),
          $slice: fc.integer({ min: -3, max: 3 }),
          $sort: fc.constantFrom(1, -1),
        },
        { requiredKeys: ["$each"] },
      )
      .map((operand) => ["$push", operand] as [string, unknown]),
    fc.array(flat, { maxLength: 2 }).map((each) => ["$addToSet", { $each: each }] as [string, unknown]),
    fc.array(flat, { maxLength: 2 }).map((all) => ["$pullAll", all] as [string, unknown]),
    fc.tuple(fc.constant("$pull"), fc.oneof(flat, leaf)),
    fc.tuple(fc.constant("$pop"), fc.constantFrom(1, -1)),
    fc.tuple(fc.constant("$rename"), fc.constantFrom("z", "d.z", "a.z")),
  );

  test("updates make what the documentation says, or are refused where it says so", async () => {
    await fc.assert(
      fc.asyncProperty(document, path, change, async (doc, at, [operator, operand]) => {
        fc.pre(
          operator !== "$rename" ||
            !(`${operand as string}.`.startsWith(`${at}.`) || `${at}.`.startsWith(`${operand as string}.`)),
        );
        const expected = { _id: 1, ...(copy(doc) as Plain) };
        let isRefused = false;
        try {
          update(expected, operator, at, operand);
        } catch (error) {
          fc.pre(!(error instanceof NoReference));
          if (!(error instanceof Refused)) throw error;
          isRefused = true;
        }
        await client.ask({ delete: "one", deletes: [{ q: {}, limit: 0 }] });
        await client.ask({ insert: "one", documents: [{ _id: 1, ...doc }] });
        const reply = await client.ask({
          update: "one",
          updates: [{ q: { _id: 1 }, u: { [operator]: { [at]: operand } } }],
        });
        const note = `${operator} ${at} ${EJSON.stringify(operand)} on ${EJSON.stringify(doc)}: ${EJSON.stringify(reply)}`;
        expect("writeErrors" in reply, note).toBe(isRefused);
        const found = await client.ask({ find: "one", filter: {} }, { promoteValues: false });
        const [after] = (found["cursor"] as { firstBatch: Document[] }).firstBatch;
        expect(typed(after), note).toBe(typed(isRefused ? { _id: 1, ...doc } : expected));
      }),
      { numRuns: RUNS * 2 },
    );
  });
});

/** As text that tells the types of numbers apart. */
function typed(doc: Document | undefined): string {
  return EJSON.stringify(doc, { relaxed: false });
}
