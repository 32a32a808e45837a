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

/** Numbers that look random and are the same in every run with the same seed. */
export function aRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
