import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { MongoClient } from "mongodb";
import { expect, test } from "vitest";

test("answers far beyond the first buffer arrive whole, at every size", async () => {
  const mongo = await startEmbeddedMongo({});
  const client = await new MongoClient(mongo.url).connect();
  try {
    const rows = client.db("large").collection<{ seq: number; text: string; nested: object }>("rows");
    for (const size of [90, 310, 730]) {
      await rows.deleteMany({});
      const docs = Array.from({ length: 3_000 }, (_, seq) => ({
        seq,
        text: "é".repeat(size + (seq % 7)),
        nested: { list: [1, 2.5, new Date(0), 2n ** 40n, true, null] },
      }));
      await rows.insertMany(docs);
      const found = await rows
        .find({}, { projection: { _id: 0, seq: 1, text: 1 } })
        .sort({ seq: 1 })
        .toArray();
      expect(found).toEqual(docs.map(({ seq, text }) => ({ seq, text })));
    }
  } finally {
    await client.close();
    await mongo.stop();
  }
});
