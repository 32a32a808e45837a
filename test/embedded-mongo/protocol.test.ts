import { once } from "node:events";
import { Binary, Long, serialize, type Document } from "bson";
import { beforeAll, expect, test } from "vitest";
import { ask, messageOf, openSocket } from "./raw-client.ts";
import { aRandom } from "./random.ts";
import { aServer, type TestServer } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await aServer();
});

async function isAlive(): Promise<boolean> {
  return (await server.client.db("test").command({ ping: 1 }))["ok"] === 1;
}

function broken(change: (message: Buffer) => void): Buffer {
  const message = messageOf({ find: "a", filter: { x: "some text" } });
  change(message);
  return message;
}

const MALFORMED: [title: string, message: Buffer][] = [
  ["a message that is shorter than its header", broken((m) => m.writeInt32LE(4, 0))],
  ["a message of a gigabyte", broken((m) => m.writeInt32LE(2 ** 30, 0))],
  ["a negative length", broken((m) => m.writeInt32LE(-1, 0))],
  ["an unknown kind of message", broken((m) => m.writeInt32LE(1234, 12))],
  ["an unknown flag", broken((m) => m.writeUInt32LE(64, 16))],
  ["an unknown kind of section", broken((m) => (m[20] = 9))],
  ["a section that is longer than the message", broken((m) => m.writeInt32LE(100_000, 21))],
  ["a section of no length", broken((m) => m.writeInt32LE(0, 21))],
];

test.each(MALFORMED)("%s ends that connection only", async (_title, message) => {
  expect(await ask(server.mongo.url, message)).toBeUndefined();
  expect(await isAlive()).toBe(true);
});

const FAILING: [title: string, message: Buffer, code: number][] = [
  ["an unknown type of value", broken((m) => (m[m.indexOf("x\0") - 1] = 0x99)), 22],
  [
    "a string that is longer than its document",
    broken((m) => m.writeInt32LE(5000, m.indexOf("some text") - 4)),
    22,
  ],
  [
    "no database",
    Buffer.from(messageOf({ ping: 1 }).toString("latin1").replace("$db", "$dc"), "latin1"),
    40571,
  ],
];

test.each(FAILING)("%s fails that command only", async (_title, message, code) => {
  expect(await ask(server.mongo.url, message)).toMatchObject({ ok: 0, code });
  expect(await isAlive()).toBe(true);
});

test("documents in documents in documents end at a limit", async () => {
  let deep: Document = { x: 1 };
  for (let i = 0; i < 3000; i++) deep = { d: deep };
  // Put together by hand: the encoder would run out of stack itself.
  let bytes = Buffer.from(serialize({ x: 1 }));
  for (let i = 0; i < 3000; i++) {
    const outer = Buffer.alloc(bytes.length + 8);
    outer.writeInt32LE(outer.length, 0);
    outer[4] = 3;
    outer.write("d\0", 5);
    outer.set(bytes, 7);
    bytes = outer;
  }
  const message = Buffer.concat([Buffer.alloc(21), bytes]);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(2013, 12);
  expect(await ask(server.mongo.url, message)).toMatchObject({ ok: 0, code: 15 });
  expect(await isAlive()).toBe(true);
});

test("a thousand damaged messages leave the server alive and the data whole", async () => {
  const collection = await server.collection([{ _id: 1 as never, text: "kept" }]);
  const random = aRandom(7);
  const commands: Document[] = [
    {
      find: collection.collectionName,
      filter: { a: { $in: [1, "x", null] } },
      sort: { a: 1 },
      projection: { a: 1 },
    },
    { insert: "fuzz", documents: [{ a: 1, b: [1, 2, { c: "x" }] }] },
    { update: "fuzz", updates: [{ q: { a: 1 }, u: { $set: { "b.0": 5 } }, upsert: true }] },
    { aggregate: "fuzz", pipeline: [{ $group: { _id: "$a", n: { $sum: 1 } } }], cursor: {} },
    {
      findAndModify: "fuzz",
      query: { a: 1 },
      update: { $inc: { a: 1 } },
      lsid: { id: new Binary(Buffer.alloc(16), 4) },
      txnNumber: Long.fromNumber(1),
    },
  ];
  for (let round = 0; round < 1000; round++) {
    const message = messageOf(commands[random(commands.length)]!);
    for (let i = 0; i <= random(4); i++) message[16 + random(message.length - 16)] = random(256);
    const socket = await openSocket(server.mongo.url);
    socket.end(message);
    socket.resume();
    await once(socket, "close");
  }
  expect(await isAlive()).toBe(true);
  expect(await collection.findOne({ _id: 1 as never })).toEqual({ _id: 1, text: "kept" });
});

test("a retryable write that comes twice is done once and answered alike", async () => {
  const lsid = { id: new Binary(Buffer.alloc(16, 5), 4) };
  const commands: Document[] = [
    {
      insert: "retry",
      documents: [
        { _id: 1, n: 0 },
        { _id: 2, n: 0 },
      ],
    },
    {
      update: "retry",
      updates: [
        { q: { _id: 1 }, u: { $inc: { n: 1 } } },
        { q: { _id: 3 }, u: { $inc: { n: 1 } }, upsert: true },
      ],
    },
    { findAndModify: "retry", query: { _id: 1 }, update: { $inc: { n: 1 } }, new: true },
    { delete: "retry", deletes: [{ q: { _id: 2 }, limit: 1 }] },
    { insert: "retry", documents: [{ _id: 1 }] },
  ];
  for (const [i, command] of commands.entries()) {
    const sent = { ...command, lsid, txnNumber: Long.fromNumber(i + 1) };
    const [first, second] = [await ask(server.mongo.url, sent), await ask(server.mongo.url, sent)].map(
      (reply) => ({ ...reply, $clusterTime: 0, operationTime: 0 }),
    );
    expect(second).toEqual(first);
  }
  const found = await server.client.db("test").collection("retry").find({}).sort({ _id: 1 }).toArray();
  expect(found).toEqual([
    { _id: 1, n: 2 },
    { _id: 3, n: 1 },
  ]);
  expect(await ask(server.mongo.url, { ...commands[0], lsid, txnNumber: Long.fromNumber(1) })).toMatchObject({
    code: 225,
  });
});

test("a message that wants no answer gets none", async () => {
  const socket = await openSocket(server.mongo.url);
  socket.write(messageOf({ insert: "quiet", documents: [{ _id: 1 }], writeConcern: { w: 0 } }, 2));
  socket.write(messageOf({ ping: 1 }));
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.readInt32LE(0)).toBe(answer.length);
  socket.destroy();
  expect(await server.client.db("test").collection("quiet").countDocuments({})).toBe(1);
});
