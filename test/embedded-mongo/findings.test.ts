import { Binary, type Document, Long, ObjectId } from "mongodb";
import { beforeAll, expect, test } from "vitest";
import { type InnerClient, anInnerClient } from "./inner-client.ts";

// What the tests of others and generated documents have shown, each as a case of its own.

let client: InnerClient;
let collections = 0;
beforeAll(() => {
  client = anInnerClient();
});

async function aCollection(...documents: Document[]): Promise<string> {
  const name = `c${++collections}`;
  await client.ask({ insert: name, documents: documents.length > 0 ? documents : [{ _id: "first" }] });
  return name;
}

async function all(name: string, filter: Document = {}, more: Document = {}): Promise<Document[]> {
  const reply = await client.ask({ find: name, filter, ...more });
  return (reply["cursor"] as { firstBatch: Document[] } | undefined)?.firstBatch ?? [];
}

function codeOf(reply: Document): unknown {
  return (reply["writeErrors"] as { code: number }[] | undefined)?.[0]?.code ?? reply["code"];
}

test("an _id of null stays null, wherever it stands, and is there once", async () => {
  const name = await aCollection({ n: 1, _id: null });
  expect(await all(name)).toEqual([{ _id: null, n: 1 }]);
  expect(codeOf(await client.ask({ insert: name, documents: [{ _id: null }] }))).toBe(11000);
  const other = await aCollection();
  await client.ask({ update: other, updates: [{ q: { _id: null }, u: { $set: { n: 2 } }, upsert: true }] });
  expect(await all(other, { _id: null })).toEqual([{ _id: null, n: 2 }]);
});

test("references are documents with fields, not operators", async () => {
  const id = new ObjectId();
  const name = await aCollection({
    _id: 1,
    owner: { $ref: "people", $id: id },
    list: [{ $ref: "people", $id: id }],
  });
  expect((await all(name, { list: { $elemMatch: { $id: id, $ref: "people" } } })).length).toBe(1);
  expect((await all(name, { "owner.$id": id })).length).toBe(1);
});

test("a field with a dollar may be inserted by an update, and changed inside of a document only", async () => {
  const name = await aCollection({ _id: 1, a: {} });
  const update = (q: Document, u: Document, upsert = false) =>
    client.ask({ update: name, updates: [{ q, u, upsert }] });
  expect(codeOf(await update({ _id: 1 }, { $set: { $x: 1 } }))).toBe(52);
  expect(codeOf(await update({ _id: 1 }, { $set: { "a.$x": 1 } }))).toBeUndefined();
  expect(codeOf(await update({ _id: 2 }, { $set: { $x: 1 } }, true))).toBeUndefined();
  expect(await all(name)).toEqual([
    { _id: 1, a: { $x: 1 } },
    { _id: 2, $x: 1 },
  ]);
});

test("a write that wants more nodes than there are is done and told so", async () => {
  const name = await aCollection();
  const reply = await client.ask({ insert: name, documents: [{ _id: 1 }], writeConcern: { w: 3 } });
  expect(reply).toMatchObject({ ok: 1, n: 1, writeConcernError: { code: 100 } });
  expect((await all(name, { _id: 1 })).length).toBe(1);
});

test("$mod is exact for longs that no double is", async () => {
  const name = await aCollection({ _id: 1, n: Long.fromString("9007199254740993") });
  expect((await all(name, { n: { $mod: [2, 1] } })).length).toBe(1);
  expect((await all(name, { n: { $mod: [2, 0] } })).length).toBe(0);
});

test("$rename goes neither out of an array nor into one", async () => {
  const name = await aCollection({ _id: 1, list: [{ a: 1 }], b: 2 });
  for (const fields of [{ "list.0": "z" }, { b: "list.0" }, { "list.0.a": "z" }])
    expect(codeOf(await client.ask({ update: name, updates: [{ q: {}, u: { $rename: fields } }] }))).toBe(2);
  expect(await all(name)).toEqual([{ _id: 1, list: [{ a: 1 }], b: 2 }]);
});

test("an index on a position of an array does not hide fields of that name", async () => {
  const name = await aCollection({ _id: 1, a: [{ 0: 5 }] }, { _id: 2, a: [5] }, { _id: 3, a: [{}] });
  await client.ask({ createIndexes: name, indexes: [{ key: { "a.0": 1 }, name: "x" }] });
  expect((await all(name, { "a.0": 5 })).map(({ _id }) => _id as number)).toEqual([1, 2]);
  expect((await all(name, { "a.0": null })).map(({ _id }) => _id as number)).toEqual([3]);
});

test("validation finds a document that is missing in an index, and an entry without one", async () => {
  const name = await aCollection({ _id: 1, n: 1 }, { _id: 2, n: 2 });
  await client.ask({ createIndexes: name, indexes: [{ key: { n: 1 }, name: "n" }] });
  expect(await client.ask({ validate: name })).toMatchObject({ valid: true, nrecords: 2 });
  const { store } = client.instance.engine;
  const collection = store.collection(`test.${name}`)!;
  const [key] = collection.indexes[1]!.keysOf(new Map([["n", 1]]));
  store.startWriting();
  store.removeEntry(collection.indexes[1]!, key!, 1);
  expect(await client.ask({ validate: name })).toMatchObject({ valid: false });
  store.addEntry(collection, collection.indexes[1]!, key!, 1);
  store.addEntry(collection, collection.indexes[1]!, key!, 99);
  const { valid, errors } = await client.ask({ validate: name });
  expect([valid, errors]).toEqual([false, ["index n has 3 keys instead of 2"]]);
  store.removeEntry(collection.indexes[1]!, key!, 99);
});

test("a transaction that takes a unique key which was freed after its snapshot conflicts", async () => {
  const name = await aCollection({ _id: 1, k: "a" });
  await client.ask({ createIndexes: name, indexes: [{ key: { k: 1 }, name: "k", unique: true }] });
  const lsid = { id: new Binary(Buffer.alloc(16, 3), 4) };
  const session = { lsid, txnNumber: Long.fromNumber(1), autocommit: false };
  await client.ask({ find: name, filter: {}, ...session, startTransaction: true });
  await client.ask({ update: name, updates: [{ q: { _id: 1 }, u: { $set: { k: "b" } } }] });
  expect(codeOf(await client.ask({ insert: name, documents: [{ _id: 2, k: "a" }], ...session }))).toBe(112);
});
