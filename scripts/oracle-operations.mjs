// What the operations of the specifications mean in terms of the driver.
import assert from "node:assert/strict";

/** Takes apart the arguments of an operation: the session by its name, the rest as the driver's options. */
function optionsOf(test, args, ...taken) {
  const options = { ...args };
  for (const name of taken) delete options[name];
  if (options.session) options.session = test.entities.get(options.session);
  if (options.returnDocument) options.returnDocument = options.returnDocument.toLowerCase();
  return options;
}

const onCollection = {
  find: (test, collection, args) => collection.find(args.filter, optionsOf(test, args, "filter")).toArray(),
  findOne: (test, collection, args) => collection.findOne(args.filter, optionsOf(test, args, "filter")),
  aggregate: (test, collection, args) =>
    collection.aggregate(args.pipeline, optionsOf(test, args, "pipeline")).toArray(),
  countDocuments: (test, collection, args) =>
    collection.countDocuments(args.filter, optionsOf(test, args, "filter")),
  count: (test, collection, args) => collection.count(args.filter, optionsOf(test, args, "filter")),
  estimatedDocumentCount: (test, collection, args) =>
    collection.estimatedDocumentCount(optionsOf(test, args)),
  distinct: (test, collection, args) =>
    collection.distinct(args.fieldName, args.filter, optionsOf(test, args, "fieldName", "filter")),
  insertOne: (test, collection, args) =>
    collection.insertOne(args.document, optionsOf(test, args, "document")),
  insertMany: (test, collection, args) =>
    collection.insertMany(args.documents, optionsOf(test, args, "documents")),
  updateOne: (test, collection, args) =>
    collection.updateOne(args.filter, args.update, optionsOf(test, args, "filter", "update")),
  updateMany: (test, collection, args) =>
    collection.updateMany(args.filter, args.update, optionsOf(test, args, "filter", "update")),
  replaceOne: (test, collection, args) =>
    collection.replaceOne(args.filter, args.replacement, optionsOf(test, args, "filter", "replacement")),
  deleteOne: (test, collection, args) => collection.deleteOne(args.filter, optionsOf(test, args, "filter")),
  deleteMany: (test, collection, args) => collection.deleteMany(args.filter, optionsOf(test, args, "filter")),
  findOneAndUpdate: (test, collection, args) =>
    collection.findOneAndUpdate(args.filter, args.update, optionsOf(test, args, "filter", "update")),
  findOneAndReplace: (test, collection, args) =>
    collection.findOneAndReplace(
      args.filter,
      args.replacement,
      optionsOf(test, args, "filter", "replacement"),
    ),
  findOneAndDelete: (test, collection, args) =>
    collection.findOneAndDelete(args.filter, optionsOf(test, args, "filter")),
  bulkWrite: (test, collection, args) =>
    collection.bulkWrite(args.requests, optionsOf(test, args, "requests")),
  createIndex: (test, collection, args) => collection.createIndex(args.keys, optionsOf(test, args, "keys")),
  listIndexes: (test, collection, args) => collection.listIndexes(optionsOf(test, args)).toArray(),
};

const onDatabase = {
  runCommand: (test, database, args) =>
    database.command(args.command, optionsOf(test, args, "command", "commandName")),
  aggregate: (test, database, args) =>
    database.aggregate(args.pipeline, optionsOf(test, args, "pipeline")).toArray(),
  createCollection: (test, database, args) =>
    database.createCollection(args.collection, optionsOf(test, args, "collection")),
  dropCollection: (test, database, args) =>
    database.dropCollection(args.collection, optionsOf(test, args, "collection")),
  listCollections: (test, database, args) =>
    database.listCollections(args.filter, optionsOf(test, args, "filter")).toArray(),
};

const onClient = {
  listDatabases: (test, client, args) => client.db("admin").admin().listDatabases(optionsOf(test, args)),
};

const onSession = {
  startTransaction: (test, session, args) => session.startTransaction(optionsOf(test, args)),
  commitTransaction: (_test, session) => session.commitTransaction(),
  abortTransaction: (_test, session) => session.abortTransaction(),
  endSession: (_test, session) => session.endSession(),
  withTransaction: (test, session, args) =>
    session.withTransaction(
      async () => {
        for (const operation of args.callback) await test.run(operation, true);
      },
      optionsOf(test, args, "callback"),
    ),
};

const onRunner = {
  failPoint: (test, args) => test.failPoint(args.failPoint),
  assertSessionTransactionState: (test, args) =>
    assert.equal(transactionState(test.entities.get(args.session)), args.state),
  assertCollectionExists: async (test, args) => assert.ok(await hasCollection(test, args)),
  assertCollectionNotExists: async (test, args) => assert.ok(!(await hasCollection(test, args))),
  assertIndexExists: async (test, args) => assert.ok((await indexNames(test, args)).includes(args.indexName)),
  assertIndexNotExists: async (test, args) =>
    assert.ok(!(await indexNames(test, args)).includes(args.indexName)),
  assertSessionUnpinned: () => undefined,
  assertSessionDirty: (test, args) =>
    assert.equal(test.entities.get(args.session).serverSession.isDirty, true),
  assertSessionNotDirty: (test, args) =>
    assert.equal(test.entities.get(args.session).serverSession.isDirty, false),
  assertSameLsidOnLastTwoCommands: (test, args) => assert.deepEqual(...lastLsids(test, args.client)),
  assertDifferentLsidOnLastTwoCommands: (test, args) => assert.notDeepEqual(...lastLsids(test, args.client)),
  createEntities: (test, args) => test.create(args.entities),
};

function transactionState(session) {
  const names = {
    NO_TRANSACTION: "none",
    STARTING_TRANSACTION: "starting",
    TRANSACTION_IN_PROGRESS: "in_progress",
  };
  const { state } = session.transaction;
  return names[state] ?? (state.includes("COMMITTED") ? "committed" : "aborted");
}

async function hasCollection(test, { databaseName, collectionName }) {
  return (
    (await test.internal.db(databaseName).listCollections({ name: collectionName }).toArray()).length > 0
  );
}

async function indexNames(test, { databaseName, collectionName }) {
  if (!(await hasCollection(test, { databaseName, collectionName }))) return [];
  const indexes = await test.internal.db(databaseName).collection(collectionName).indexes();
  return indexes.map(({ name }) => name);
}

function lastLsids(test, client) {
  const started = test.events.get(client).filter(({ kind }) => kind === "commandStartedEvent");
  return started.slice(-2).map(({ event }) => JSON.stringify(event.command.lsid));
}

export class NotRunnable extends Error {}

export async function runOperation(test, { object, name, arguments: args = {} }) {
  if (object === "testRunner") {
    if (!onRunner[name]) throw new NotRunnable(`the runner does not know ${name}`);
    return onRunner[name](test, args);
  }
  const entity = test.entities.get(object);
  const kind = object.replace(/[^a-z].*$/i, "");
  const table = tableOf(entity);
  if (!table?.[name]) throw new NotRunnable(`the runner does not know ${kind}.${name}`);
  return table[name](test, entity, args);
}

function tableOf(entity) {
  return { Collection: onCollection, Db: onDatabase, MongoClient: onClient, ClientSession: onSession }[
    entity?.constructor?.name
  ];
}
