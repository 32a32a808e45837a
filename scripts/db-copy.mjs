// `npm run db:copy -- --from <connection string> --to <connection string>`: all collections and indexes from one
// database server to another, built-in or MongoDB. Stop the product meanwhile: what is written then may be missing.
import { parseArgs } from "node:util";
import { MongoClient } from "mongodb";

const { values } = parseArgs({
  options: {
    from: { type: "string" },
    to: { type: "string" },
    db: { type: "string" },
    overwrite: { type: "boolean" },
  },
});
const OWN = new Set(["admin", "config", "local"]);
const BATCH = 1000;

async function copyCollection(source, target) {
  await target.drop();
  const batch = [];
  let count = 0;
  const flush = async () => {
    if (batch.length > 0)
      await target.insertMany(batch.splice(0), { writeConcern: { w: "majority", j: true } });
  };
  // Not as JavaScript's values, so that no type of a number changes on the way.
  for await (const document of source.find({}, { promoteValues: false }).sort({ _id: 1 })) {
    batch.push(document);
    count++;
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  const indexes = (await source.indexes()).filter(({ name }) => name !== "_id_");
  if (indexes.length > 0) await target.createIndexes(indexes.map(({ v: _version, ...index }) => index));
  const arrived = await target.countDocuments({});
  if (arrived !== count)
    throw new Error(`${target.namespace}: ${arrived} of ${count} documents have arrived`);
  console.log(`${target.namespace}: ${count} documents, ${indexes.length} indexes`);
}

async function copyAll(from, to) {
  const { databases } = await from.db("admin").admin().listDatabases({ nameOnly: true });
  const names = databases
    .map(({ name }) => name)
    .filter((name) => (values.db ? name === values.db : !OWN.has(name)));
  if (names.length === 0) throw new Error("there is nothing to copy");
  for (const name of names) {
    const present = await to.db(name).listCollections({}, { nameOnly: true }).toArray();
    if (present.length > 0 && !values.overwrite)
      throw new Error(`the database ${name} is there already; --overwrite replaces its collections`);
  }
  for (const name of names)
    for (const collection of await from
      .db(name)
      .listCollections({ type: "collection" }, { nameOnly: true })
      .toArray())
      if (!collection.name.startsWith("system."))
        await copyCollection(
          from.db(name).collection(collection.name),
          to.db(name).collection(collection.name),
        );
}

const clients = [];
try {
  if (!values.from || !values.to || values.from === values.to)
    throw new Error("say from where and to where: --from <connection string> --to <connection string>");
  for (const url of [values.from, values.to])
    clients.push(await MongoClient.connect(url, { serverSelectionTimeoutMS: 5000 }));
  await copyAll(...clients);
} catch (error) {
  console.error(`Not copied: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const client of clients) await client.close();
}
