import type { MongoServerError } from "mongodb";
import { type Document } from "mongodb";
import { beforeAll, describe, expect, test } from "vitest";
import { aServer, codeOf, type TestServer } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await aServer();
});

describe("a unique index", () => {
  test("refuses the second document in MongoDB's words", async () => {
    const collection = await server.collection();
    await collection.createIndex({ "a.b": 1, c: -1 }, { unique: true, name: "both" });
    await collection.insertOne({ a: { b: "x" }, c: 1 });
    const error = await collection
      .insertOne({ a: { b: "x" }, c: 1 })
      .catch((thrown: unknown) => thrown as MongoServerError);
    expect(error).toMatchObject({
      code: 11000,
      keyPattern: { "a.b": 1, c: -1 },
      keyValue: { "a.b": "x", c: 1 },
      message: `E11000 duplicate key error collection: ${collection.namespace} index: both dup key: { a.b: "x", c: 1 }`,
    });
  });

  test("counts a missing field as null, and numbers of all types as one", async () => {
    const collection = await server.collection();
    await collection.createIndex({ k: 1 }, { unique: true });
    await collection.insertOne({});
    expect(await codeOf(collection.insertOne({ k: null }))).toBe(11000);
    await collection.insertOne({ k: 1 });
    expect(await codeOf(collection.insertOne({ k: 1.0 }))).toBe(11000);
    expect(await codeOf(collection.updateOne({ k: 1 }, { $unset: { k: 1 } }))).toBe(11000);
    expect(await collection.countDocuments({ k: 1 })).toBe(1);
  });

  test("that is sparse or partial leaves the others alone", async () => {
    const sparse = await server.collection();
    await sparse.createIndex({ k: 1 }, { unique: true, sparse: true });
    await sparse.insertMany([{}, {}, { k: 1 }]);
    expect(await codeOf(sparse.insertOne({ k: 1 }))).toBe(11000);
    expect(await sparse.countDocuments({ k: null })).toBe(2);
    const partial = await server.collection();
    await partial.createIndex({ k: 1 }, { unique: true, partialFilterExpression: { k: { $gte: "" } } });
    await partial.insertMany([{ k: null }, { k: null }, { k: 1 }, { k: 1 }, { k: "x" }]);
    expect(await codeOf(partial.insertOne({ k: "x" }))).toBe(11000);
    expect(await partial.countDocuments({ k: 1 })).toBe(2);
    expect(await partial.findOne({ k: "x" })).toMatchObject({ k: "x" });
    await partial.updateMany({ k: 1 }, { $set: { k: "y" } }).catch(() => undefined);
    expect(await partial.countDocuments({ k: "y" })).toBe(1);
  });

  test("on an array holds every element", async () => {
    const collection = await server.collection();
    await collection.createIndex({ k: 1 }, { unique: true });
    await collection.insertOne({ k: [1, 2, 2] });
    expect(await codeOf(collection.insertOne({ k: 2 }))).toBe(11000);
    await collection.updateOne({}, { $pull: { k: 2 } } as Document);
    await collection.insertOne({ k: 2 });
  });

  test("cannot be made over duplicates, and nothing stays of the attempt", async () => {
    const collection = await server.collection([{ k: 1 }, { k: 1 }]);
    expect(await codeOf(collection.createIndex({ k: 1 }, { unique: true }))).toBe(11000);
    expect(await collection.indexes()).toHaveLength(1);
  });

  test("lets the rest of an unordered batch in", async () => {
    const collection = await server.collection();
    await collection.createIndex({ k: 1 }, { unique: true });
    const insert = (ordered: boolean) =>
      collection
        .insertMany([{ k: 1 }, { k: 1 }, { k: 2 }], { ordered })
        .catch((error: unknown) => error as { insertedCount: number; writeErrors: Document[] });
    expect(await insert(true)).toMatchObject({ insertedCount: 1 });
    await collection.deleteMany({});
    const error = await insert(false);
    expect(error).toMatchObject({ insertedCount: 2 });
    expect(await collection.countDocuments({})).toBe(2);
  });
});

describe("definitions of indexes", () => {
  test("can be made twice, but not changed under the same name or key", async () => {
    const collection = await server.collection();
    await collection.createIndex({ a: 1 });
    await collection.createIndex({ a: 1 });
    expect(await codeOf(collection.createIndex({ a: 1 }, { unique: true }))).toBe(86);
    expect(await codeOf(collection.createIndex({ a: 1 }, { name: "other" }))).toBe(85);
    expect(await codeOf(collection.createIndex({ b: 1 }, { name: "a_1" }))).toBe(86);
    expect(await codeOf(collection.createIndex({ a: 1 }, { expireAfterSeconds: 5 }))).toBe(85);
    await collection.createIndex({ a: 1 }, { sparse: true, name: "sparse" });
    expect((await collection.indexes()).map(({ name }) => name)).toEqual(["_id_", "a_1", "sparse"]);
  });

  test("are dropped by name, by key, or all", async () => {
    const collection = await server.collection();
    await collection.createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }, { key: { c: 1 } }]);
    await collection.dropIndex("a_1");
    expect(await codeOf(collection.dropIndex("a_1"))).toBe(27);
    expect(await codeOf(collection.dropIndex("_id_"))).toBe(72);
    await collection.dropIndexes();
    expect(await collection.indexes()).toHaveLength(1);
    const missing = await server.collection();
    expect(await codeOf(missing.indexes())).toBe(26);
  });

  const REFUSED: [title: string, key: Document, options: Document, code: number][] = [
    ["text", { a: "text" }, {}, 67],
    ["2dsphere", { a: "2dsphere" }, {}, 67],
    ["hashed", { a: "hashed" }, {}, 67],
    ["direction 0", { a: 0 }, {}, 67],
    ["an unknown option", { a: 1 }, { foo: 1 }, 197],
    ["collation", { a: 1 }, { collation: { locale: "de" } }, 238],
    ["a filter that no index can have", { a: 1 }, { partialFilterExpression: { a: { $ne: 1 } } }, 67],
    ["time to live on two fields", { a: 1, b: 1 }, { expireAfterSeconds: 1 }, 67],
  ];
  test.each(REFUSED)("refuse %s", async (_title, key, options, code) => {
    const { collectionName } = await server.collection();
    const index = { key, name: "x", ...options };
    expect(
      await codeOf(server.client.db("test").command({ createIndexes: collectionName, indexes: [index] })),
    ).toBe(code);
  });

  test("refuse two arrays in one document", async () => {
    const collection = await server.collection();
    await collection.createIndex({ a: 1, b: 1 });
    await collection.insertOne({ a: [1], b: 1 });
    expect(await codeOf(collection.insertOne({ a: [1], b: [2] }))).toBe(171);
  });
});

describe("the planner", () => {
  async function stageOf(
    collection: Awaited<ReturnType<TestServer["collection"]>>,
    filter: Document,
    sort: Document = {},
  ): Promise<string> {
    const { queryPlanner } = await collection.find(filter).sort(sort).explain();
    const text = JSON.stringify((queryPlanner as Document)["winningPlan"]);
    const names = [...text.matchAll(/"(?:indexName|stage)":"(\w+)"/g)].map(([, name]) => name!);
    return names.filter((name) => name !== "FETCH").join(" ");
  }

  test("takes the index that fits best", async () => {
    const collection = await server.collection([{ a: 1 }]);
    await collection.createIndexes([
      { key: { o: 1, p: 1, s: 1, rank: 1, _id: 1 }, name: "board" },
      { key: { o: 1, at: -1 }, name: "recent" },
      { key: { h: 1 }, name: "handle", unique: true },
    ]);
    expect(await stageOf(collection, { o: 1, p: 1, s: 1 }, { rank: 1, _id: 1 })).toBe("IXSCAN board");
    expect(await stageOf(collection, { o: 1, p: 1, s: 1 }, { rank: -1, _id: -1 })).toBe("IXSCAN board");
    expect(await stageOf(collection, { o: 1, p: 1, s: 1 }, { rank: 1, _id: -1 })).toBe("SORT IXSCAN board");
    expect(await stageOf(collection, { o: 1 }, { at: -1 })).toBe("IXSCAN recent");
    expect(await stageOf(collection, { o: 1, h: "x" })).toBe("IXSCAN handle");
    expect(await stageOf(collection, { _id: 1 as never })).toBe("IXSCAN _id_");
    expect(await stageOf(collection, { $or: [{ h: 1 }, { _id: 5 }] })).toBe("OR IXSCAN handle IXSCAN _id_");
    expect(await stageOf(collection, { $or: [{ h: 1 }, { x: 5 }] })).toBe("COLLSCAN");
    expect(await stageOf(collection, { x: 1 })).toBe("COLLSCAN");
    expect(await stageOf(collection, {}, { h: 1 })).toBe("IXSCAN handle");
    expect(await stageOf(collection, {}, { x: 1 })).toBe("SORT COLLSCAN");
  });

  test("follows a hint, and refuses one to nothing", async () => {
    const collection = await server.collection([
      { _id: 1, a: 2 },
      { _id: 2, a: 1 },
    ]);
    await collection.createIndex({ a: 1 });
    expect((await collection.find({}).hint({ a: 1 }).toArray()).map(({ a }) => a as number)).toEqual([1, 2]);
    expect((await collection.find({}).hint("a_1").toArray()).map(({ a }) => a as number)).toEqual([1, 2]);
    expect(await codeOf(collection.find({}).hint("b_1").toArray())).toBe(2);
  });
});

describe("collections", () => {
  test("are created, listed and dropped", async () => {
    const db = server.client.db("names");
    await db.createCollection("a");
    await db.collection("b").insertOne({ x: 1 });
    expect((await db.listCollections().toArray()).map(({ name }) => name).sort()).toEqual(["a", "b"]);
    expect(await db.listCollections({ name: "b" }, { nameOnly: true }).toArray()).toEqual([
      { name: "b", type: "collection" },
    ]);
    await db.collection("b").drop();
    expect(await db.collection("b").countDocuments({})).toBe(0);
    await db.dropDatabase();
    expect(await db.listCollections().toArray()).toEqual([]);
    expect(
      (await server.client.db().admin().listDatabases()).databases.map(({ name }) => name),
    ).not.toContain("names");
  });

  test("of kinds that are not supported are refused", async () => {
    const db = server.client.db("names");
    expect(await codeOf(db.createCollection("capped", { capped: true, size: 1000 }))).toBe(238);
    expect(await codeOf(db.createCollection("view", { viewOn: "a", pipeline: [] }))).toBe(238);
    expect(await codeOf(db.createCollection("a$b"))).toBe(73);
  });
});

describe("a command", () => {
  const REFUSED: [title: string, command: Document, code: number][] = [
    ["that does not exist", { foo: 1 }, 59],
    ["mapReduce", { mapReduce: "a" }, 59],
    ["renameCollection", { renameCollection: "test.a", to: "test.b" }, 59],
    ["collMod", { collMod: "a" }, 59],
    ["of a hidden index", { createIndexes: "a", indexes: [{ key: { a: 1 }, name: "a", hidden: true }] }, 197],
    ["bulkWrite", { bulkWrite: 1 }, 59],
    ["with an unknown field", { find: "a", foo: 1 }, 40415],
    ["with a collation", { find: "a", collation: { locale: "de" } }, 238],
    ["with an impossible write concern", { insert: "a", documents: [{}], writeConcern: { w: 3 } }, 100],
    ["with a snapshot outside of a transaction", { find: "a", readConcern: { level: "snapshot" } }, 246],
    ["with a wrong type", { find: "a", filter: 1 }, 14],
    ["with a negative skip", { find: "a", skip: -1 }, 51024],
    ["without documents", { insert: "a", documents: [] }, 16],
    ["on a bad name", { find: "" }, 73],
    ["changing a delete limit", { delete: "a", deletes: [{ q: {}, limit: 5 }] }, 9],
    ["findAndModify of both kinds", { findAndModify: "a", remove: true, update: {} }, 9],
  ];
  test.each(REFUSED)("%s is refused", async (_title, command, code) => {
    expect(await codeOf(server.client.db("test").command(command))).toBe(code);
  });

  test("with strange _ids is refused, or they are stored as they are", async () => {
    const collection = await server.collection();
    expect(await codeOf(collection.insertOne({ _id: [1] as never }))).toBe(53);
    expect(await codeOf(collection.insertOne({ _id: /x/ as never }))).toBe(53);
    for (const _id of [0, "", { a: 1 }, new Date(0), true]) await collection.insertOne({ _id: _id as never });
    expect(await collection.findOne({ _id: { a: 1 } })).toEqual({ _id: { a: 1 } });
    expect(await codeOf(collection.insertOne({ _id: "" as never }))).toBe(11000);
  });
});
