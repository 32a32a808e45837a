import { decode } from "./bson-codec.ts";
import {
  type Context,
  type Reply,
  collectionForWrite,
  findCollection,
  optionalDocument,
  wrongType,
} from "./context.ts";
import { type Version, versionOf } from "./engine.ts";
import { CommandError, ensure, failedToParse } from "./errors.ts";
import { exprCompiler, variablesOf } from "./expr-filter.ts";
import type { Variables } from "./expressions.ts";
import { compileFilter } from "./match.ts";
import { deleteFound, forEachMatch, requireValidId, updateFound, upsert, withIdFirst } from "./matching.ts";
import { compileUpdatePipeline } from "./pipeline.ts";
import { compileUpdate } from "./update.ts";
import { type Doc, type Value, isTruthy, toNumber } from "./values.ts";
import { type Outcome, type Progress, runStatements } from "./write-progress.ts";

const MAX_STATEMENTS = 100_000;
const UPDATE_FIELDS = new Set(["q", "u", "multi", "upsert", "arrayFilters", "hint", "collation"]);
const DELETE_FIELDS = new Set(["q", "limit", "hint", "collation"]);

/** The statements of a write command, from its payload or its body. */
function statementsOf(context: Context, field: string): (Uint8Array | Value)[] {
  const given = context.payloads.get(field) ?? context.body.get(field);
  if (!Array.isArray(given)) throw wrongType(context, field, undefined, "array");
  ensure(
    given.length > 0 && given.length <= MAX_STATEMENTS,
    16,
    `Write batch sizes must be between 1 and ${MAX_STATEMENTS}. Got ${given.length} operations.`,
  );
  return given;
}

function documentOf(statement: Uint8Array | Value): Doc {
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

function storable(given: Uint8Array | Value): Version {
  const doc = documentOf(given);
  const id = doc.get("_id");
  if (id === undefined || !(given instanceof Uint8Array) || doc.keys().next().value !== "_id")
    return versionOf(withIdFirst(doc, id));
  requireValidId(id);
  // A copy: the slice would keep the whole received chunk in memory.
  return { doc, bytes: Buffer.from(given) };
}

export async function update(context: Context): Promise<Reply> {
  const statements = statementsOf(context, "updates").map(documentOf);
  for (const statement of statements) requireKnown(statement, UPDATE_FIELDS, "update.updates");
  const variables = variablesOf(optionalDocument(context, "let"));
  const progress = await runStatements(context, statements.length, (i) =>
    runUpdate(context, statements[i]!, variables),
  );
  const upserted = progress.upserted.length > 0 ? { upserted: progress.upserted } : {};
  return { ...writeReply(progress), nModified: progress.nModified, ...upserted };
}

async function runUpdate(context: Context, statement: Doc, variables: Variables): Promise<Outcome> {
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
  // Only an upsert creates the collection, and only when it inserts.
  return { n: 1, upsertedId: upsert(context, query, change).doc.get("_id")! };
}

function queryOf(statement: Doc, command: string): Doc {
  const query = statement.get("q");
  ensure(query instanceof Map, 40414, `BSON field '${command}.q' is missing but a required field`);
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
  const isOther = collation instanceof Map && collation.size > 0 && collation.get("locale") !== "simple";
  ensure(!isOther, 238, "Collation is not supported by this server");
}

export async function remove(context: Context): Promise<Reply> {
  const statements = statementsOf(context, "deletes").map(documentOf);
  for (const statement of statements) {
    requireKnown(statement, DELETE_FIELDS, "delete.deletes");
    const limit = toNumber(statement.get("limit"));
    ensure(limit === 0 || limit === 1, 9, "The limit field in delete objects must be 0 or 1.");
  }
  const variables = variablesOf(optionalDocument(context, "let"));
  const progress = await runStatements(context, statements.length, async (i) => {
    const statement = statements[i]!;
    const multi = toNumber(statement.get("limit")) === 0;
    const filter = compileFilter(queryOf(statement, "delete"), exprCompiler(variables));
    const collection = findCollection(context);
    let n = 0;
    if (!collection) return { n };
    await forEachMatch(context, { collection, filter, hint: statement.get("hint") }, multi, (found) => {
      deleteFound(context, collection, found);
      n++;
    });
    return { n };
  });
  return writeReply(progress);
}

function writeReply({ n, writeErrors }: Progress): Reply {
  return { n, ...(writeErrors.length > 0 ? { writeErrors } : {}) };
}
