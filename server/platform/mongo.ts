import mongoose from "mongoose";

/** Collections, and with them every index, must exist before the first transaction that writes to them. */
async function prepareModels(): Promise<void> {
  for (const model of Object.values(mongoose.models)) {
    await model.createCollection();
    await model.createIndexes();
  }
}

/** Connects mongoose; an acknowledged write is on a majority and in the journal, whoever writes it. */
export async function connectMongo(url: string): Promise<void> {
  mongoose.set("autoIndex", false);
  mongoose.set("autoCreate", false);
  // A path in the URL wins: who runs several installations on one cluster names the database there.
  const [, named] = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url) ?? [];
  const options = {
    dbName: named ?? "dmtracker",
    writeConcern: { w: "majority", journal: true },
    serverSelectionTimeoutMS: 10_000,
  } as const;
  try {
    await mongoose.connect(url, options);
  } catch (error) {
    throw new Error(`MONGODB_URL: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  await prepareModels();
}

/** Removes everything and makes the collections anew. */
export async function resetDatabase(): Promise<void> {
  await mongoose.connection.dropDatabase();
  await prepareModels();
}

const PING_LIMIT_MS = 2_000;

/** Whether the database answers right now. */
export async function isMongoReady(): Promise<boolean> {
  try {
    await mongoose.connection.db?.command({ ping: 1 }, { timeoutMS: PING_LIMIT_MS });
    return mongoose.connection.readyState === mongoose.ConnectionStates.connected;
  } catch {
    return false;
  }
}

export async function disconnectMongo(): Promise<void> {
  await mongoose.disconnect();
}
