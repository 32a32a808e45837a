import type { Collection } from "@dmtracker/server/embedded-mongo/catalog.ts";
import type { Instance } from "@dmtracker/server/embedded-mongo/context.ts";
import { Cursors } from "@dmtracker/server/embedded-mongo/cursors.ts";
import { Engine, versionOf } from "@dmtracker/server/embedded-mongo/engine.ts";
import { removeExpired } from "@dmtracker/server/embedded-mongo/expiry.ts";
import { Sessions } from "@dmtracker/server/embedded-mongo/sessions.ts";
import type { Doc, Value } from "@dmtracker/server/embedded-mongo/values.ts";
import { afterEach, beforeEach, expect, test } from "vitest";

let instance: Instance;
beforeEach(() => {
  const engine = new Engine();
  instance = { engine, sessions: new Sessions(engine), cursors: new Cursors(), address: "" };
});
afterEach(() => instance.engine.store.close());

function aDoc(fields: Record<string, Value>): Doc {
  return new Map(Object.entries(fields));
}

function addIndex(collection: Collection, spec: Doc): void {
  const { store } = instance.engine;
  store.finishIndex(collection, store.startIndex(collection, spec));
}

const NOW = Date.UTC(2024, 0, 10);
const SECOND = 1000;

test.each([1, -1])(
  "documents whose time is over are removed, and only those, direction %i",
  async (direction) => {
    const { engine } = instance;
    const collection = engine.store.createCollection("x", "sessions");
    addIndex(collection, aDoc({ key: aDoc({ at: direction }), name: "at", expireAfterSeconds: 60 }));
    const insert = (_id: number, at?: Value) =>
      engine.insert(collection, versionOf(aDoc(at === undefined ? { _id } : { _id, at })));
    insert(1, new Date(NOW - 61 * SECOND));
    insert(2, new Date(NOW - 59 * SECOND));
    insert(3, "long ago");
    insert(4);
    insert(5, new Date(-8.64e15));
    insert(6, [new Date(NOW), new Date(NOW - 99 * SECOND)]);
    insert(7, null);
    for (let i = 0; i < 1200; i++) insert(100 + i, new Date(NOW - 100 * SECOND));
    await removeExpired(instance, NOW);
    expect(engine.store.countDocuments(collection)).toBe(4);
  },
);

test("a document that an open transaction holds stays until the next round", async () => {
  const { engine } = instance;
  const collection = engine.store.createCollection("x", "sessions");
  addIndex(collection, aDoc({ key: aDoc({ at: 1 }), name: "at", expireAfterSeconds: 0 }));
  const before = versionOf(aDoc({ _id: 1, at: new Date(0) }));
  const rid = engine.insert(collection, before);
  const transaction = engine.begin();
  const after = versionOf(aDoc({ _id: 1, at: new Date(1) }));
  engine.write(collection, { rid, before, after }, transaction);
  await removeExpired(instance, NOW);
  expect(engine.store.countDocuments(collection)).toBe(1);
  engine.commit(transaction);
  await removeExpired(instance, NOW);
  expect(engine.store.countDocuments(collection)).toBe(0);
});

test("a transaction that nobody goes on with is aborted after a minute and lets go of its documents", async () => {
  const { engine, sessions } = instance;
  const collection = engine.store.createCollection("x", "a");
  const session = sessions.find(Buffer.alloc(16, 1));
  const transaction = sessions.transactionOf(session, 1n, true);
  engine.insert(collection, versionOf(aDoc({ _id: 1 })), transaction);
  sessions.sweep(Date.now() + 59 * SECOND);
  expect(transaction.state).toBe("open");
  sessions.sweep(Date.now() + 61 * SECOND);
  expect(transaction.state).toBe("aborted");
  await transaction.finished;
  engine.insert(collection, versionOf(aDoc({ _id: 1 })));
  expect(() => sessions.transactionOf(session, 1n, false)).toThrow(
    "does not match any in-progress transactions",
  );
});

test("a client that falls silent in a transaction keeps nobody from the documents that it has written", async () => {
  const { engine, sessions } = instance;
  const collection = engine.store.createCollection("x", "silent");
  const [reader, writer] = [sessions.find(Buffer.alloc(16, 2)), sessions.find(Buffer.alloc(16, 3))];
  const reading = sessions.transactionOf(reader, 1n, true);
  const writing = sessions.transactionOf(writer, 1n, true);
  engine.insert(collection, versionOf(aDoc({ _id: 1 })), writing);
  sessions.sweepSilent(Date.now() + 2 * SECOND);
  expect(writing.state).toBe("open");
  writer.busy = 1;
  sessions.sweepSilent(Date.now() + 5 * SECOND);
  expect(writing.state, "a command of it is running").toBe("open");
  writer.busy = 0;
  sessions.sweepSilent(Date.now() + 5 * SECOND);
  expect([writing.state, reading.state]).toEqual(["aborted", "open"]);
  await writing.finished;
  sessions.abort(reader);
});
