import { decode, encode } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
import {
  type Context,
  type Reply,
  collectionName,
  findCollection,
  flag,
  optionalDocument,
} from "./context.ts";
import { letOthersRun } from "./cursors.ts";
import { ensure } from "./errors.ts";
import { compileFilter } from "./match.ts";
import { EMPTY } from "./read-commands.ts";
import { isTruthy, toNumber } from "./values.ts";

const UNSUPPORTED_OPTIONS =
  "capped viewOn timeseries validator clusteredIndex changeStreamPreAndPostImages encryptedFields".split(" ");

/** Definitions change only when no open transaction has written to the collection. */
export async function whenUnwritten(context: Context, collection: Collection): Promise<void> {
  for (;;) {
    const writers = context.engine.writersOf(collection);
    const obstacle = collection.build ?? writers.find((writer) => writer !== context.transaction);
    if (!obstacle) return;
    await obstacle.finished;
    await letOthersRun(context);
  }
}

export function refuseInTransaction({ transaction, command }: Context): void {
  ensure(!transaction, 263, `Cannot run '${command}' in a multi-document transaction.`);
}

export function requireCollection(context: Context): Collection {
  const name = collectionName(context);
  const collection = findCollection(context, name);
  ensure(collection, 26, `ns does not exist: ${context.database}.${name}`);
  return collection;
}

/** Creating what is there already is fine: there are no options in which it could differ. */
export function create(context: Context): Reply {
  const name = collectionName(context);
  for (const option of UNSUPPORTED_OPTIONS)
    ensure(!isTruthy(context.body.get(option)), 238, `create: '${option}' is not supported by this server`);
  if (!findCollection(context, name)) context.engine.store.createCollection(context.database, name);
  return {};
}

export async function drop(context: Context): Promise<Reply> {
  refuseInTransaction(context);
  const collection = findCollection(context);
  if (!collection) return {};
  await whenUnwritten(context, collection);
  if (collection.dropped) return {};
  const nIndexesWas = collection.indexes.length;
  context.engine.store.dropCollection(collection);
  return { nIndexesWas, ns: collection.namespace };
}

export async function dropDatabase(context: Context): Promise<Reply> {
  refuseInTransaction(context);
  for (const collection of collectionsOf(context)) {
    await whenUnwritten(context, collection);
    if (!collection.dropped) context.engine.store.dropCollection(collection);
  }
  return { dropped: context.database };
}

function collectionsOf({ engine, database }: Context): Collection[] {
  return [...engine.store.collections.values()].filter((collection) => collection.database === database);
}

export function listCollections(context: Context): Promise<Reply> {
  const filter = compileFilter(optionalDocument(context, "filter") ?? EMPTY);
  const nameOnly = flag(context, "nameOnly");
  const found = collectionsOf(context)
    .map(({ name, idIndex }) => {
      const more = nameOnly ? {} : { options: {}, info: { readOnly: false }, idIndex: idIndex.spec };
      return encode({ name, type: "collection", ...more });
    })
    .filter((bytes) => filter.test(decode(bytes)));
  return answerList(context, `${context.database}.$cmd.listCollections`, found);
}

/** A list of definitions is answered by a cursor, too. */
export function answerList(context: Context, namespace: string, documents: Uint8Array[]): Promise<Reply> {
  const batchSize = toNumber(optionalDocument(context, "cursor")?.get("batchSize"));
  return context.instance.cursors.open(context, namespace, documents.values(), batchSize);
}

export function listDatabases(context: Context): Reply {
  const collections = [...context.engine.store.collections.values()];
  const names = [...new Set(collections.map(({ database }) => database))].sort();
  const filter = compileFilter(optionalDocument(context, "filter") ?? EMPTY);
  const databases = names
    .filter((name) => filter.test(new Map([["name", name]])))
    .map((name) => ({ name, sizeOnDisk: 0n, empty: false }));
  return { databases, totalSize: 0n };
}
