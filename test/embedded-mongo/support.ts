import { type Collection, type Document, MongoClient } from "mongodb";
import { afterAll } from "vitest";
import { type EmbeddedMongo, startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";

export type TestServer = {
  mongo: EmbeddedMongo;
  client: MongoClient;
  collection: (docs?: Document[]) => Promise<Collection>;
};

let collections = 0;

/** A server in memory with a client, both gone when the file's tests are over. */
export async function aServer(dir?: string): Promise<TestServer> {
  const mongo = await startEmbeddedMongo(dir === undefined ? {} : { dir });
  const client = await MongoClient.connect(mongo.url, { promoteValues: true });
  afterAll(async () => {
    await client.close();
    await mongo.stop();
  });
  return {
    mongo,
    client,
    collection: async (docs = []) => {
      const collection = client.db("test").collection(`c${++collections}`);
      if (docs.length > 0) await collection.insertMany(docs);
      return collection;
    },
  };
}

export async function codeOf(run: Promise<unknown>): Promise<number | undefined> {
  try {
    await run;
    return undefined;
  } catch (error) {
    return (error as { code?: number }).code;
  }
}
