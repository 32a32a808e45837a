import type { ClientSession, Collection, MongoServerError, Sort } from "mongodb";
import { beforeAll, describe, expect, test } from "vitest";
import { aRandom } from "./random.ts";
import { aServer, codeOf, type TestServer } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await aServer();
});

type Row = { _id: number; n: number; k?: string };

async function rows(count: number): Promise<Collection<Row>> {
  return (await server.collection(
    Array.from({ length: count }, (_, _id) => ({ _id, n: 0 })),
  )) as unknown as Collection<Row>;
}

function begin(): ClientSession {
  const session = server.client.startSession();
  session.startTransaction();
  return session;
}

async function errorOf(run: Promise<unknown>): Promise<MongoServerError> {
  return run.then(
    () => expect.fail("it should have failed"),
    (error: unknown) => error as MongoServerError,
  );
}

describe("a transaction", () => {
  test("is seen by nobody before the commit and by everybody after it", async () => {
    const collection = await rows(2);
    const session = begin();
    await collection.updateOne({ _id: 0 }, { $inc: { n: 1 } }, { session });
    await collection.insertOne({ _id: 5, n: 5 }, { session });
    await collection.deleteOne({ _id: 1 }, { session });
    expect(await collection.find({}).sort({ _id: 1 }).toArray()).toEqual([
      { _id: 0, n: 0 },
      { _id: 1, n: 0 },
    ]);
    expect(await collection.find({}, { session }).sort({ _id: 1 }).toArray()).toEqual([
      { _id: 0, n: 1 },
      { _id: 5, n: 5 },
    ]);
    await session.commitTransaction();
    expect(await collection.find({}).sort({ _id: 1 }).toArray()).toEqual([
      { _id: 0, n: 1 },
      { _id: 5, n: 5 },
    ]);
  });

  test("leaves nothing behind when it is aborted", async () => {
    const collection = await rows(1);
    await collection.createIndex({ k: 1 }, { unique: true, sparse: true });
    const session = begin();
    await collection.insertOne({ _id: 7, n: 1, k: "x" }, { session });
    await session.abortTransaction();
    expect(await collection.countDocuments({})).toBe(1);
    await collection.insertOne({ _id: 8, n: 1, k: "x" });
  });

  test("reads its snapshot, whatever others commit", async () => {
    const collection = await rows(3);
    await collection.createIndex({ n: 1 });
    const session = begin();
    await collection.findOne({ _id: 0 }, { session });
    await collection.updateOne({ _id: 1 }, { $set: { n: 9 } });
    await collection.deleteOne({ _id: 2 });
    await collection.insertOne({ _id: 3, n: 0 });
    expect(await collection.find({ n: 0 }, { session }).sort({ _id: 1 }).toArray()).toEqual(
      [0, 1, 2].map((_id) => ({ _id, n: 0 })),
    );
    expect(await collection.find({ n: { $gt: 0 } }, { session }).toArray()).toEqual([]);
    expect(await collection.findOne({ _id: 2 }, { session })).toEqual({ _id: 2, n: 0 });
    expect(await collection.countDocuments({}, { session })).toBe(3);
    await session.commitTransaction();
    expect(await collection.countDocuments({})).toBe(3);
  });

  test.each<Sort>([{ $natural: 1 }, { n: 1 }])(
    "reads its snapshot to the end of a long cursor, in order %o",
    async (order) => {
      const collection = await rows(3000);
      await collection.createIndex({ n: 1 });
      await collection.updateMany({ _id: { $mod: [2, 1] } }, { $set: { n: 5 } });
      const expected = await collection.find({}).sort(order).toArray();
      const session = begin();
      const cursor = collection.find({}, { session, batchSize: 300 }).sort(order);
      const found: Row[] = [];
      for await (const row of cursor) {
        found.push(row);
        if (found.length % 300 !== 0) continue;
        const _id = found.length + 100;
        await collection.updateMany({ _id: { $gte: _id, $lt: _id + 50 } }, { $inc: { n: 3 } });
        await collection.deleteMany({ _id: { $in: [_id + 60, _id - 500] } });
        await collection.insertOne({ _id: 10_000 + _id, n: 1 });
      }
      await session.abortTransaction();
      expect(found).toEqual(expected);
    },
  );

  test("that writes what another has written fails with WriteConflict, and may be repeated", async () => {
    const collection = await rows(1);
    const [first, second] = [begin(), begin()];
    await collection.updateOne({ _id: 0 }, { $inc: { n: 1 } }, { session: first });
    const error = await errorOf(collection.updateOne({ _id: 0 }, { $inc: { n: 1 } }, { session: second }));
    expect(error.code).toBe(112);
    expect(error.hasErrorLabel("TransientTransactionError")).toBe(true);
    expect((await errorOf(second.commitTransaction())).code).toBe(251);
    await first.commitTransaction();
    expect(await collection.findOne({})).toEqual({ _id: 0, n: 1 });
  });

  test("that writes what was committed after its snapshot fails with WriteConflict", async () => {
    const collection = await rows(1);
    const session = begin();
    await collection.findOne({}, { session });
    await collection.updateOne({ _id: 0 }, { $inc: { n: 1 } });
    expect((await errorOf(collection.updateOne({ _id: 0 }, { $inc: { n: 1 } }, { session }))).code).toBe(112);
    await session.abortTransaction();
  });

  test("makes a plain write of the same document wait", async () => {
    const collection = await rows(1);
    const session = begin();
    await collection.updateOne({ _id: 0 }, { $inc: { n: 1 } }, { session });
    let isDone = false;
    const plain = collection.updateOne({ _id: 0 }, { $inc: { n: 10 } }).then(() => (isDone = true));
    await collection.findOne({ _id: 0 });
    expect(isDone).toBe(false);
    await session.commitTransaction();
    await plain;
    expect(await collection.findOne({})).toEqual({ _id: 0, n: 11 });
  });

  test("holds a unique key: others wait for it or conflict with it", async () => {
    const collection = await rows(0);
    await collection.createIndex({ k: 1 }, { unique: true });
    const [first, second] = [begin(), begin()];
    await collection.insertOne({ _id: 1, n: 0, k: "x" }, { session: first });
    expect((await errorOf(collection.insertOne({ _id: 2, n: 0, k: "x" }, { session: second }))).code).toBe(
      112,
    );
    const plain = codeOf(collection.insertOne({ _id: 3, n: 0, k: "x" }));
    await first.commitTransaction();
    expect(await plain).toBe(11000);
  });

  test("may give a unique key from one document to another", async () => {
    const collection = await rows(0);
    await collection.createIndex({ k: 1 }, { unique: true });
    await collection.insertOne({ _id: 1, n: 0, k: "x" });
    const session = begin();
    await collection.updateOne({ _id: 1 }, { $set: { k: "y" } }, { session });
    await collection.insertOne({ _id: 2, n: 0, k: "x" }, { session });
    expect(await collection.findOne({ k: "x" }, { session })).toMatchObject({ _id: 2 });
    await session.commitTransaction();
    expect(await collection.find({}).sort({ k: 1 }).toArray()).toMatchObject([
      { _id: 2, k: "x" },
      { _id: 1, k: "y" },
    ]);
    expect(await codeOf(collection.insertOne({ _id: 3, n: 0, k: "y" }))).toBe(11000);
  });

  test("is over after any error in it", async () => {
    const collection = await rows(1);
    const session = begin();
    await collection.updateOne({ _id: 0 }, { $inc: { n: 1 } }, { session });
    expect((await errorOf(collection.insertOne({ _id: 0, n: 0 }, { session }))).code).toBe(11000);
    expect((await errorOf(collection.findOne({}, { session }))).code).toBe(251);
    await session.abortTransaction();
    expect(await collection.findOne({})).toEqual({ _id: 0, n: 0 });
  });

  test("can be committed twice, and is unknown to another number", async () => {
    const collection = await rows(1);
    const session = begin();
    await collection.updateOne({ _id: 0 }, { $inc: { n: 1 } }, { session });
    await session.commitTransaction();
    await session.commitTransaction();
    expect(await collection.findOne({})).toEqual({ _id: 0, n: 1 });
  });

  test("refuses count and changes of definitions", async () => {
    const collection = await rows(1);
    const session = begin();
    const { collectionName } = collection;
    expect(
      (await errorOf(server.client.db("test").command({ count: collectionName }, { session }))).code,
    ).toBe(263);
    await session.abortTransaction();
    const other = begin();
    expect((await errorOf(collection.createIndex({ n: 1 }, { session: other }))).code).toBe(263);
    await other.abortTransaction();
  });

  test("whose session ends is aborted and blocks nobody", async () => {
    const collection = await rows(1);
    const session = begin();
    await collection.updateOne({ _id: 0 }, { $inc: { n: 1 } }, { session });
    const plain = collection.updateOne({ _id: 0 }, { $inc: { n: 10 } });
    await session.endSession();
    await plain;
    expect(await collection.findOne({})).toEqual({ _id: 0, n: 10 });
  });

  test("repeated until it fits loses no increment of ten at once", async () => {
    const collection = await rows(1);
    await Promise.all(
      Array.from({ length: 10 }, () =>
        server.client.withSession((session) =>
          session.withTransaction(async () => {
            const row = await collection.findOne({ _id: 0 }, { session });
            await collection.updateOne({ _id: 0 }, { $set: { n: row!.n + 1 } }, { session });
          }),
        ),
      ),
    );
    expect(await collection.findOne({})).toEqual({ _id: 0, n: 10 });
  });
});

describe("random overlapping transactions", () => {
  const KEYS = 12;

  /** The rows as a transaction, or the outside world, has to see them. */
  type State = Map<number, Row>;

  function visible(state: State, low: number): Row[] {
    return [...state.values()].filter(({ n }) => n >= low).sort((a, b) => a.n - b.n || a._id - b._id);
  }

  test.each([1, 2, 3, 4])("agree with a model of snapshots, seed %i", async (seed) => {
    const random = aRandom(seed);
    const collection = await rows(0);
    await collection.createIndex({ n: 1, _id: 1 });
    await collection.createIndex({ k: 1 }, { unique: true, sparse: true });
    const committed: State = new Map();
    let open: { session: ClientSession; snapshot: State; state: State }[] = [];
    for (let step = 0; step < 250; step++) {
      if (open.length < 3 && random(4) === 0) {
        const session = begin();
        await collection.findOne({ _id: -1 }, { session });
        open.push({ session, snapshot: structuredClone(committed), state: structuredClone(committed) });
      }
      const at = random(open.length + 1);
      const transaction = open[at];
      const state = transaction?.state ?? committed;
      const options = transaction ? { session: transaction.session } : {};
      const low = random(10);
      const found = await collection
        .find({ n: { $gte: low } }, options)
        .sort({ n: 1, _id: 1 })
        .toArray();
      expect(found).toEqual(visible(state, low));
      if (transaction && random(6) === 0) {
        open = open.filter((other) => other !== transaction);
        if (random(3) === 0) await transaction.session.abortTransaction();
        else {
          await transaction.session.commitTransaction();
          for (const _id of changed.get(transaction.state) ?? []) {
            const row = transaction.state.get(_id);
            if (row) committed.set(_id, row);
            // A row that it inserted and deleted again may have been inserted by another one since.
            else if (transaction.snapshot.has(_id)) committed.delete(_id);
          }
        }
        continue;
      }
      const _id = random(KEYS);
      // A plain write of a held row would wait for ever here.
      const isHeld = !transaction && open.some((other) => changed.get(other.state)?.has(_id));
      if (isHeld) continue;
      try {
        await writeRandomly(collection, state, _id, random, options);
        note(state, _id);
      } catch (error) {
        const { code } = error as MongoServerError;
        if (!transaction) expect(code).toBe(11000);
        else {
          expect([112, 11000]).toContain(code);
          await transaction.session.abortTransaction();
          open = open.filter((other) => other !== transaction);
        }
      }
    }
    for (const { session } of open) await session.abortTransaction();
    expect(await collection.find({}).sort({ n: 1, _id: 1 }).toArray()).toEqual(visible(committed, 0));
    for (const row of committed.values()) {
      if (row.k !== undefined) expect(await collection.find({ k: row.k }).toArray()).toEqual([row]);
    }
  });

  const changed = new WeakMap<State, Set<number>>();

  function note(state: State, _id: number): void {
    changed.set(state, (changed.get(state) ?? new Set()).add(_id));
  }

  async function writeRandomly(
    collection: Collection<Row>,
    state: State,
    _id: number,
    random: (below: number) => number,
    options: { session?: ClientSession },
  ): Promise<void> {
    const row = state.get(_id);
    if (!row) {
      const inserted = { _id, n: random(10), k: `k${_id}` };
      await collection.insertOne(inserted, options);
      state.set(_id, inserted);
    } else if (random(3) === 0) {
      await collection.deleteOne({ _id }, options);
      state.delete(_id);
    } else {
      // Always another value: an update that changes nothing is no write, and conflicts with nobody.
      const n = (row.n + 1 + random(9)) % 10;
      await collection.updateOne({ _id }, { $set: { n } }, options);
      state.set(_id, { ...row, n });
    }
  }
});
