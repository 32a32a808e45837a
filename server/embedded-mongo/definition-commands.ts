import { decode, encode } from "./bson-codec.ts";
import type { Collection, Index } from "./catalog.ts";
import {
  type Context,
  type Reply,
  collectionName,
  findCollection,
  flag,
  optionalDocument,
  requireValidName,
  wrongType,
} from "./context.ts";
import { letOthersRun } from "./cursors.ts";
import { CommandError } from "./errors.ts";
import { buildIndex } from "./index-build.ts";
import { compileFilter } from "./match.ts";
import { isNamedBy, sameKeyPattern } from "./planner.ts";
import { valuesEqual } from "./key-encoding.ts";
import { type Doc, type Value, isTruthy, toNumber, typeName } from "./values.ts";

const INDEX_OPTIONS = new Set([
  "key",
  "name",
  "unique",
  "sparse",
  "partialFilterExpression",
  "expireAfterSeconds",
  "background",
  "v",
  "hidden",
  "collation",
  "ns",
]);
const MAX_INDEXES = 64;

/** Definitions change only when no open transaction has written to the collection. */
async function whenUnwritten(context: Context, collection: Collection): Promise<void> {
  for (;;) {
    const [writer] = context.engine
      .writersOf(collection)
      .filter((transaction) => transaction !== context.transaction);
    const obstacle = collection.build ?? writer;
    if (!obstacle) return;
    await obstacle.finished;
    await letOthersRun(context);
  }
}

function refuseInTransaction(context: Context): void {
  if (context.transaction)
    throw new CommandError(263, `Cannot run '${context.command}' in a multi-document transaction.`);
}

export function create(context: Context): Reply {
  const name = collectionName(context);
  for (const option of [
    "capped",
    "viewOn",
    "timeseries",
    "validator",
    "clusteredIndex",
    "changeStreamPreAndPostImages",
    "encryptedFields",
  ]) {
    if (isTruthy(context.body.get(option)))
      throw new CommandError(238, `create: '${option}' is not supported by this server`);
  }
  const existing = findCollection(context, name);
  // Creating what is there already is fine as long as it is the same.
  if (!existing) context.engine.store.createCollection(context.database, name, new Map());
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

function collectionsOf(context: Context): Collection[] {
  return [...context.engine.store.collections.values()].filter(
    (collection) => collection.database === context.database,
  );
}

export async function renameCollection(context: Context): Promise<Reply> {
  refuseInTransaction(context);
  const [from, to] = [context.body.get("renameCollection"), context.body.get("to")];
  if (typeof from !== "string") throw wrongType(context, "renameCollection", from, "string");
  if (typeof to !== "string") throw wrongType(context, "to", to, "string");
  const { store } = context.engine;
  const collection = store.collection(from);
  if (!collection) throw new CommandError(26, `Source collection ${from} does not exist`);
  const dot = to.indexOf(".");
  const [database, name] = [to.slice(0, dot), to.slice(dot + 1)];
  requireValidName(database, name);
  await whenUnwritten(context, collection);
  const target = store.collection(to);
  if (target && !flag(context, "dropTarget")) throw new CommandError(48, "target namespace exists");
  if (target) {
    await whenUnwritten(context, target);
    store.dropCollection(target);
  }
  store.renameCollection(collection, database, name);
  return {};
}

export async function listCollections(context: Context): Promise<Reply> {
  const filter = compileFilter(optionalDocument(context, "filter") ?? new Map<string, Value>());
  const nameOnly = flag(context, "nameOnly");
  const documents = collectionsOf(context)
    .map((collection) => describeCollection(collection, nameOnly))
    .filter((bytes) => filter.test(decode(bytes)));
  return context.instance.cursors.open(
    context,
    `${context.database}.$cmd.listCollections`,
    paced(documents),
    cursorBatchSize(context),
  );
}

function describeCollection(collection: Collection, nameOnly: boolean): Uint8Array {
  const shown = { name: collection.name, type: "collection" };
  if (nameOnly) return encode(shown);
  return encode({
    ...shown,
    options: collection.options,
    info: { readOnly: false },
    idIndex: collection.idIndex.spec,
  });
}

function* paced(documents: Uint8Array[]): Generator<Uint8Array, void> {
  yield* documents;
}

function cursorBatchSize(context: Context): number | undefined {
  const cursor = optionalDocument(context, "cursor");
  return toNumber(cursor?.get("batchSize"));
}

export function listDatabases(context: Context): Reply {
  const names = [
    ...new Set([...context.engine.store.collections.values()].map((collection) => collection.database)),
  ].sort();
  const filter = compileFilter(optionalDocument(context, "filter") ?? new Map<string, Value>());
  const databases = names
    .map((name) => ({ name, sizeOnDisk: 0n, empty: false }))
    .filter(({ name }) => filter.test(new Map([["name", name]])));
  return { databases, totalSize: 0n };
}

export async function listIndexes(context: Context): Promise<Reply> {
  const collection = requireCollection(context);
  const documents = collection.indexes.map((index) => encode(index.spec));
  return context.instance.cursors.open(
    context,
    collection.namespace,
    paced(documents),
    cursorBatchSize(context),
  );
}

function requireCollection(context: Context): Collection {
  const name = collectionName(context);
  const collection = findCollection(context, name);
  if (!collection) throw new CommandError(26, `ns does not exist: ${context.database}.${name}`);
  return collection;
}

export async function createIndexes(context: Context): Promise<Reply> {
  refuseInTransaction(context);
  const given = context.body.get("indexes");
  if (!Array.isArray(given) || given.length === 0)
    throw new CommandError(2, "Must specify at least one index to create");
  const specs = given.map((spec) => checkedSpec(spec));
  const name = collectionName(context);
  let collection = findCollection(context, name);
  const createdCollectionAutomatically = !collection;
  collection ??= context.engine.store.createCollection(context.database, name, new Map());
  const numIndexesBefore = collection.indexes.length;
  for (const spec of specs) {
    if (isPresent(collection, spec)) continue;
    if (collection.indexes.length >= MAX_INDEXES)
      throw new CommandError(67, `add index fails, too many indexes for ${collection.namespace}`);
    await whenUnwritten(context, collection);
    if (collection.dropped) throw new CommandError(26, `ns not found: ${collection.namespace}`);
    if (!isPresent(collection, spec)) await buildIndex(context, collection, spec);
  }
  const numIndexesAfter = collection.indexes.length;
  const note = numIndexesAfter === numIndexesBefore ? { note: "all indexes already exist" } : {};
  return { numIndexesBefore, numIndexesAfter, createdCollectionAutomatically, ...note };
}

function checkedSpec(spec: Value): Doc {
  if (!(spec instanceof Map))
    throw new CommandError(14, "The elements of the 'indexes' array must be objects");
  const key = spec.get("key");
  const name = spec.get("name");
  if (!(key instanceof Map) || key.size === 0)
    throw new CommandError(67, "Index keys cannot be an empty object.");
  if (key.size > 30) throw new CommandError(67, "Index key pattern is too large");
  if (typeof name !== "string" || name === "")
    throw new CommandError(9, "The 'name' field is a required property of an index specification");
  for (const option of spec.keys()) {
    if (!INDEX_OPTIONS.has(option))
      throw new CommandError(197, `The field '${option}' is not valid for an index specification.`);
  }
  for (const [path, direction] of key) requireSupportedField(path, direction);
  requireSupportedOptions(spec, key);
  const result: Doc = new Map<string, Value>([
    ["v", 2],
    ["key", key],
    ["name", name],
  ]);
  for (const option of ["unique", "sparse", "hidden"])
    if (isTruthy(spec.get(option))) result.set(option, true);
  for (const option of ["partialFilterExpression", "expireAfterSeconds"]) {
    const value = spec.get(option);
    if (value !== undefined) result.set(option, value);
  }
  return result;
}

function requireSupportedField(path: string, direction: Value): void {
  if (typeof direction === "string")
    throw new CommandError(67, `Unknown or unsupported index plugin '${direction}'`);
  const number = toNumber(direction);
  if (number === undefined || number === 0 || Number.isNaN(number))
    throw new CommandError(
      67,
      `Values in v:2 index key pattern cannot be of type ${typeName(direction)} or 0. Only numbers > 0, numbers < 0, and strings are allowed.`,
    );
  if (path === "" || path.split(".").some((part) => part === ""))
    throw new CommandError(67, "Index keys cannot contain an empty field.");
  if (path.split(".").some((part) => part.startsWith("$")))
    throw new CommandError(
      67,
      `Index key contains an illegal field name: field name starts with '$'. (${path})`,
    );
}

const PARTIAL_OPERATORS = new Set([
  "$eq",
  "$exists",
  "$gt",
  "$gte",
  "$lt",
  "$lte",
  "$type",
  "$and",
  "$in",
  "$or",
]);

function requireSupportedOptions(spec: Doc, key: Doc): void {
  const partial = spec.get("partialFilterExpression");
  if (partial !== undefined) {
    if (!(partial instanceof Map))
      throw new CommandError(14, "Field 'partialFilterExpression' must be an object");
    requirePartialOperators(partial);
    compileFilter(partial);
    if (isTruthy(spec.get("sparse")))
      throw new CommandError(67, 'cannot mix "partialFilterExpression" and "sparse" options');
  }
  const expires = spec.get("expireAfterSeconds");
  if (expires !== undefined) {
    const seconds = toNumber(expires);
    if (seconds === undefined || Number.isNaN(seconds) || seconds < 0 || seconds > 2 ** 31 - 1)
      throw new CommandError(
        67,
        "TTL index 'expireAfterSeconds' option must be within the range 0 to 2147483647",
      );
    if (key.size > 1)
      throw new CommandError(
        67,
        "TTL indexes are single-field indexes, compound indexes do not support TTL.",
      );
    if (key.has("_id"))
      throw new CommandError(
        67,
        "The field 'expireAfterSeconds' is not valid for an _id index specification.",
      );
  }
  const collation = spec.get("collation");
  if (collation instanceof Map && collation.get("locale") !== "simple")
    throw new CommandError(238, "Collation is not supported by this server");
}

function requirePartialOperators(query: Doc): void {
  for (const [key, value] of query) {
    if (key.startsWith("$") && !PARTIAL_OPERATORS.has(key))
      throw new CommandError(67, `Expression not supported in partial index: ${key}`);
    for (const part of Array.isArray(value) ? value : [value])
      if (part instanceof Map) requirePartialOperators(part);
  }
}

/** Whether the same index is there already; one that differs under the same name, or is the same under another, is refused. */
function isPresent(collection: Collection, spec: Doc): boolean {
  const name = spec.get("name") as string;
  const key = spec.get("key") as Doc;
  if (key.size === 1 && toNumber(key.get("_id")) === 1) return true;
  for (const index of collection.indexes) {
    const isSame =
      sameKeyPattern(index.spec.get("key") as Doc, key) && sameOptions(index.spec, spec, IDENTITY);
    if (index.name !== name) {
      if (isSame) throw new CommandError(85, `Index already exists with a different name: ${index.name}`);
    } else if (!isSame) {
      throw new CommandError(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${name}, existing index: ${index.name}`,
      );
    } else if (!sameOptions(index.spec, spec, ["expireAfterSeconds"])) {
      throw new CommandError(
        85,
        "An equivalent index already exists with the same name but different options.",
      );
    } else return true;
  }
  return false;
}

// Two indexes on the same key may stand side by side when they differ in one of these.
const IDENTITY = ["unique", "sparse", "partialFilterExpression"];

function sameOptions(a: Doc, b: Doc, options: string[]): boolean {
  return options.every((option) => valuesEqual(a.get(option), b.get(option)));
}

export async function dropIndexes(context: Context): Promise<Reply> {
  refuseInTransaction(context);
  const collection = requireCollection(context);
  await whenUnwritten(context, collection);
  const nIndexesWas = collection.indexes.length;
  for (const index of indexesToDrop(collection, context.body.get("index")))
    context.engine.store.dropIndex(collection, index);
  return { nIndexesWas };
}

function indexesToDrop(collection: Collection, wanted: Value | undefined): Index[] {
  if (wanted === "*") return collection.indexes.slice(1);
  return (Array.isArray(wanted) ? wanted : [wanted]).map((one) => {
    const index =
      one === undefined ? undefined : collection.indexes.find((candidate) => isNamedBy(candidate, one));
    if (!index)
      throw new CommandError(27, `index not found with name [${typeof one === "string" ? one : "?"}]`);
    if (index.isIdIndex) throw new CommandError(72, "cannot drop _id index");
    return index;
  });
}

/** Of an index its time to live can be changed, and whether queries use it. */
export function collMod(context: Context): Reply {
  refuseInTransaction(context);
  const collection = requireCollection(context);
  const change = optionalDocument(context, "index");
  if (!change) throw new CommandError(238, "collMod: only 'index' is supported by this server");
  const wanted = change.get("name") ?? change.get("keyPattern");
  const index =
    wanted === undefined ? undefined : collection.indexes.find((candidate) => isNamedBy(candidate, wanted));
  if (!index) throw new CommandError(27, `cannot find index for ns ${collection.namespace}`);
  for (const option of change.keys())
    if (!["name", "keyPattern", "expireAfterSeconds", "hidden"].includes(option))
      throw new CommandError(238, `collMod: '${option}' is not supported by this server`);
  const reply: Reply = {};
  for (const option of ["expireAfterSeconds", "hidden"]) {
    const value = change.get(option);
    if (value === undefined) continue;
    reply[`${option}_old`] = index.spec.get(option) ?? (option === "hidden" ? false : undefined);
    reply[`${option}_new`] = value;
    index.spec.set(option, value);
  }
  index.expireAfterSeconds = toNumber(index.spec.get("expireAfterSeconds"));
  index.hidden = isTruthy(index.spec.get("hidden"));
  context.engine.store.saveIndexSpec(index);
  return reply;
}
