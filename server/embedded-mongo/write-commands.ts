import { decode, encodeStored } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
import {
  type Context,
  type Reply,
  collectionForWrite,
  findCollection,
  flag,
  optionalDocument,
  wrongType,
} from "./context.ts";
import { letOthersRun } from "./cursors.ts";
import { type Version, versionOf } from "./engine.ts";
import { CommandError, failedToParse } from "./errors.ts";
import { exprCompiler, variablesOf } from "./expr-filter.ts";
import { rootScope } from "./expressions.ts";
import { type Filter, compileFilter } from "./match.ts";
import { compileUpdatePipeline } from "./pipeline.ts";
import { compileProjection } from "./projection.ts";
import { type Found, docOf, findDocuments } from "./query.ts";
import { parseSort } from "./sort.ts";
import { type Update, compileUpdate, upsertBase } from "./update.ts";
import { type Doc, Oid, Regex, type Value, isTruthy, toNumber, typeName } from "./values.ts";
import { type Progress, runStatements, whenUnblocked } from "./write-progress.ts";

const MAX_STATEMENTS = 100_000;

type Variables = ReturnType<typeof variablesOf>;

/** The statements of a write command, from its payload or its body. */
function statementsOf(context: Context, field: string): (Uint8Array | Doc)[] {
  const given = context.payloads.get(field) ?? context.body.get(field);
  if (!Array.isArray(given)) throw wrongType(context, field, given, "array");
  if (given.length === 0 || given.length > MAX_STATEMENTS) {
    throw new CommandError(
      16,
      `Write batch sizes must be between 1 and ${MAX_STATEMENTS}. Got ${given.length} operations.`,
    );
  }
  return given as (Uint8Array | Doc)[];
}

function statementDocument(statement: Uint8Array | Doc): Doc {
  if (statement instanceof Map) return statement;
  if (statement instanceof Uint8Array) return decode(statement);
  throw failedToParse("a statement must be an object");
}

export async function insert(context: Context): Promise<Reply> {
  const documents = statementsOf(context, "documents");
  const collection = collectionForWrite(context);
  const progress = await runStatements(context, documents.length, (i) => {
    context.engine.insert(collection, storable(documents[i]!), context.transaction);
    return { n: 1 };
  });
  return writeReply(progress);
}

/** A document as it is stored: `_id` first, made when missing. */
function storable(given: Uint8Array | Doc): Version {
  const doc = statementDocument(given);
  const id = doc.get("_id");
  if (id !== undefined) requireValidId(id);
  if (id !== undefined && doc.keys().next().value === "_id") {
    // A copy: the slice would keep the whole received chunk in memory.
    if (given instanceof Uint8Array) return { doc, bytes: Buffer.from(given) };
    return versionOf(doc);
  }
  return versionOf(withIdFirst(doc, id === undefined ? Oid.generate() : id));
}

function withIdFirst(doc: Doc, id: Value): Doc {
  const result: Doc = new Map([["_id", id]]);
  for (const [key, value] of doc) if (key !== "_id") result.set(key, value);
  return result;
}

function requireValidId(id: Value): void {
  if (Array.isArray(id) || id instanceof Regex)
    throw new CommandError(53, `The '_id' value cannot be of type ${typeName(id)}`);
  if (id instanceof Map && [...id.keys()].some((key) => key.startsWith("$"))) {
    throw new CommandError(52, "_id fields may not contain '$'-prefixed fields");
  }
}

export async function update(context: Context): Promise<Reply> {
  const statements = statementsOf(context, "updates").map(statementDocument);
  for (const statement of statements) requireKnown(statement, UPDATE_FIELDS, "update.updates");
  const variables = variablesOf(optionalDocument(context, "let"));
  // Only an upsert creates the collection, and only when it inserts.
  const progress = await runStatements(context, statements.length, (i) =>
    runUpdate(context, statements[i]!, variables),
  );
  const { upserted } = progress;
  return {
    ...writeReply(progress),
    nModified: progress.nModified,
    ...(upserted.length > 0 ? { upserted } : {}),
  };
}

const UPDATE_FIELDS = new Set(["q", "u", "multi", "upsert", "arrayFilters", "hint", "collation"]);

async function runUpdate(
  context: Context,
  statement: Doc,
  variables: Variables,
): Promise<{ n: number; nModified: number; upsertedId?: Value }> {
  const query = queryOf(statement, "update");
  const filter = compileFilter(query, exprCompiler(variables));
  const change = compileUpdate(statement.get("u"), statement.get("arrayFilters"), (stages) =>
    compileUpdatePipeline(stages, variables),
  );
  const multi = isTruthy(statement.get("multi"));
  if (multi && change.isReplacement)
    throw failedToParse("multi update is not supported for replacement-style update");
  const collection = findCollection(context);
  let n = 0;
  let nModified = 0;
  if (collection) {
    await forEachMatch(context, { collection, filter, hint: statement.get("hint") }, multi, (found) => {
      if (updateFound(context, collection, found, change, query)) nModified++;
      n++;
    });
  }
  if (n > 0 || !isTruthy(statement.get("upsert"))) return { n, nModified };
  const inserted = upsert(context, query, change);
  return { n: 1, nModified: 0, upsertedId: inserted.doc.get("_id")! };
}

function queryOf(statement: Doc, command: string): Doc {
  const query = statement.get("q");
  if (!(query instanceof Map))
    throw new CommandError(40414, `BSON field '${command}.q' is missing but a required field`);
  return query;
}

function requireKnown(statement: Doc, known: ReadonlySet<string>, name: string): void {
  for (const [field, value] of statement) {
    if (!known.has(field))
      throw new CommandError(40415, `BSON field '${name}.${field}' is an unknown field.`);
    if (field === "collation") requireSimpleCollation(value);
  }
}

export function requireSimpleCollation(collation: Value): void {
  const locale = collation instanceof Map ? collation.get("locale") : undefined;
  if (collation instanceof Map && collation.size > 0 && locale !== "simple")
    throw new CommandError(238, "Collation is not supported by this server");
}

/** Applies the change to one document and saves it if it became another. */
function updateFound(
  context: Context,
  collection: Collection,
  found: Found,
  change: Update,
  query: Doc,
): Version | undefined {
  const before: Version = { doc: docOf(found), bytes: found.bytes };
  const doc = change.apply(decode(found.bytes), query, false);
  const bytes = encodeStored(doc);
  if (bytes.equals(found.bytes)) return undefined;
  const after = { doc, bytes };
  context.engine.replace(collection, found.rid, before, after, context.transaction, change.touched);
  return after;
}

function upsert(context: Context, query: Doc, change: Update): Version {
  const base = change.isReplacement ? idOnly(upsertBase(query)) : upsertBase(query);
  const changed = change.apply(base, query, true);
  const given = changed.get("_id");
  const id = given === undefined ? Oid.generate() : given;
  requireValidId(id);
  const after = versionOf(withIdFirst(changed, id));
  context.engine.insert(collectionForWrite(context), after, context.transaction);
  return after;
}

function idOnly(doc: Doc): Doc {
  const id = doc.get("_id");
  return id === undefined ? new Map<string, Value>() : new Map([["_id", id]]);
}

type Target = {
  collection: Collection;
  filter: Filter;
  sort?: ReturnType<typeof parseSort>;
  hint?: Value | undefined;
};

/**
 * Calls `act` for the first or for every matching document. What is to be changed is found before anything
 * is: a change could move a document to where the scan still goes.
 */
async function forEachMatch(
  context: Context,
  target: Target,
  multi: boolean,
  act: (found: Found) => void,
): Promise<void> {
  const { engine, transaction } = context;
  const query = { ...target, hint: target.hint, limit: multi ? Infinity : 1 };
  if (!multi) {
    await whenUnblocked(context, async () => {
      for (const found of findDocuments(engine, query, transaction)) {
        if (found) return act(found);
        await letOthersRun(context);
      }
    });
    return;
  }
  const rids: number[] = [];
  for (const found of findDocuments(engine, query, transaction)) {
    if (found) rids.push(found.rid);
    else await letOthersRun(context);
  }
  for (const rid of rids) {
    await whenUnblocked(context, () => {
      const bytes = engine.read(target.collection, rid, transaction);
      if (!bytes) return;
      const found = { rid, bytes, doc: decode(bytes) };
      if (target.filter.test(found.doc)) act(found);
    });
  }
}

const DELETE_FIELDS = new Set(["q", "limit", "hint", "collation"]);

export async function remove(context: Context): Promise<Reply> {
  const statements = statementsOf(context, "deletes").map(statementDocument);
  for (const statement of statements) requireDelete(statement);
  const variables = variablesOf(optionalDocument(context, "let"));
  const progress = await runStatements(context, statements.length, async (i) => {
    const statement = statements[i]!;
    const multi = toNumber(statement.get("limit")) === 0;
    const filter = compileFilter(queryOf(statement, "delete"), exprCompiler(variables));
    const collection = findCollection(context);
    let n = 0;
    if (!collection) return { n };
    await forEachMatch(context, { collection, filter, hint: statement.get("hint") }, multi, (found) => {
      context.engine.delete(
        collection,
        found.rid,
        { doc: docOf(found), bytes: found.bytes },
        context.transaction,
      );
      n++;
    });
    return { n };
  });
  return writeReply(progress);
}

function requireDelete(statement: Doc): void {
  requireKnown(statement, DELETE_FIELDS, "delete.deletes");
  const limit = toNumber(statement.get("limit"));
  if (limit !== 0 && limit !== 1) throw failedToParse("The limit field in delete objects must be 0 or 1.");
}

function writeReply({ n, writeErrors }: Progress): Reply {
  return { n, ...(writeErrors.length > 0 ? { writeErrors: writeErrors } : {}) };
}

export async function findAndModify(context: Context): Promise<Reply> {
  const progress = await runStatements(context, 1, () => runFindAndModify(context), true);
  return progress.reply!;
}

async function runFindAndModify(context: Context): Promise<{ n: number; reply: Reply }> {
  const { body } = context;
  const removes = flag(context, "remove");
  const change = body.get("update");
  if (removes === (change !== undefined))
    throw failedToParse(
      removes
        ? "Cannot specify both an update and remove=true"
        : "Either an update or remove=true must be specified",
    );
  if (removes && flag(context, "upsert"))
    throw failedToParse("Cannot specify both upsert=true and remove=true");
  if (removes && flag(context, "new"))
    throw failedToParse(
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  const query = optionalDocument(context, "query") ?? new Map<string, Value>();
  const variables = variablesOf(optionalDocument(context, "let"));
  const compiled = removes
    ? undefined
    : compileUpdate(change, body.get("arrayFilters"), (stages) => compileUpdatePipeline(stages, variables));
  const fields = optionalDocument(context, "fields");
  const projection = fields && compileProjection(fields, query);
  const project = (doc: Doc) => projection?.(doc, rootScope(doc, variables)) ?? doc;
  const filter = compileFilter(query, exprCompiler(variables));
  const collection = findCollection(context);
  const returnsNew = flag(context, "new");
  let result: Doc | null | undefined;
  if (collection) {
    const target = { collection, filter, sort: parseSort(body.get("sort")), hint: body.get("hint") };
    await forEachMatch(context, target, false, (found) => {
      if (compiled) {
        const after = updateFound(context, collection, found, compiled, query);
        result = returnsNew && after ? after.doc : decode(found.bytes);
      } else {
        context.engine.delete(
          collection,
          found.rid,
          { doc: docOf(found), bytes: found.bytes },
          context.transaction,
        );
        result = docOf(found);
      }
    });
  }
  if (result !== undefined) {
    const lastErrorObject = removes ? { n: 1 } : { n: 1, updatedExisting: true };
    return { n: 1, reply: { lastErrorObject, value: result && project(result) } };
  }
  if (!compiled || !flag(context, "upsert")) {
    return {
      n: 0,
      reply: { lastErrorObject: removes ? { n: 0 } : { n: 0, updatedExisting: false }, value: null },
    };
  }
  const inserted = upsert(context, query, compiled);
  const lastErrorObject = { n: 1, updatedExisting: false, upserted: inserted.doc.get("_id")! };
  return { n: 1, reply: { lastErrorObject, value: returnsNew ? project(inserted.doc) : null } };
}
