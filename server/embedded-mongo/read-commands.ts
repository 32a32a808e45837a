import {
  type Context,
  type Reply,
  collectionName,
  findCollection,
  flag,
  optionalCount,
  optionalDocument,
  wrongType,
} from "./context.ts";
import { collectAll, letOthersRun } from "./cursors.ts";
import { CommandError, ensure } from "./errors.ts";
import { exprCompiler, variablesOf } from "./expr-filter.ts";
import { rootScope } from "./expressions.ts";
import { keyText } from "./key-encoding.ts";
import { decoded } from "./lookup.ts";
import { compileFilter } from "./match.ts";
import { sizeOf } from "./memory.ts";
import { someAtPath, splitPath } from "./paths.ts";
import { fieldsOfQuery } from "./needed-fields.ts";
import { compileProjection } from "./projection.ts";
import { countMatching, encoded, findDocuments } from "./query.ts";
import type { Paced } from "./scan.ts";
import { parseSort } from "./sort.ts";
import { type Doc, type Value, toNumber } from "./values.ts";

export const EMPTY: Doc = new Map();
const MAX_DISTINCT_BYTES = 16 * 1024 * 1024;

export async function find(context: Context): Promise<Reply> {
  const { body, database, instance } = context;
  const query = optionalDocument(context, "filter") ?? EMPTY;
  const variables = variablesOf(optionalDocument(context, "let"));
  const filter = compileFilter(query, exprCompiler(variables));
  const asked = optionalDocument(context, "projection");
  const projection = asked && asked.size > 0 ? compileProjection(asked, query) : undefined;
  const project = projection && ((doc: Doc) => projection(doc, rootScope(doc, variables)));
  const sort = parseSort(body.get("sort"));
  const fields = project ? undefined : fieldsOfQuery(query, sort);
  const skip = optionalCount(context, "skip") ?? 0;
  // Old clients say "one batch only" by a negative limit.
  const given = toNumber(body.get("limit")) ?? 0;
  const limit = Math.abs(given) || Infinity;
  ensure(!flag(context, "tailable") && !flag(context, "awaitData"), 9, "tailable cursors are not supported");
  const collection = findCollection(context);
  const source = collection
    ? encoded(
        findDocuments(context, { collection, filter, sort, skip, limit, hint: body.get("hint"), fields }),
        project,
      )
    : nothing<Uint8Array>();
  const namespace = `${database}.${collectionName(context)}`;
  const isSingle = given < 0 || flag(context, "singleBatch");
  return instance.cursors.open(context, namespace, source, optionalCount(context, "batchSize"), isSingle);
}

export function* nothing<T>(): Paced<T> {}

export async function getMore(context: Context): Promise<Reply> {
  const id = context.body.get("getMore");
  const name = context.body.get("collection");
  if (typeof id !== "bigint") throw wrongType(context, "getMore", id, "long");
  if (typeof name !== "string") throw wrongType(context, "collection", name, "string");
  const batchSize = optionalCount(context, "batchSize") || undefined;
  return context.instance.cursors.more(context, id, `${context.database}.${name}`, batchSize);
}

export function killCursors(context: Context): Reply {
  const ids = context.body.get("cursors");
  if (!Array.isArray(ids)) throw wrongType(context, "cursors", ids, "array");
  const isKilled = (id: Value) => typeof id === "bigint" && context.instance.cursors.kill(id);
  const { true: killed = [], false: unknown = [] } = Object.groupBy(ids, (id) =>
    isKilled(id) ? "true" : "false",
  );
  return { cursorsKilled: killed, cursorsNotFound: unknown, cursorsAlive: [], cursorsUnknown: [] };
}

export async function count(context: Context): Promise<Reply> {
  ensure(!context.transaction, 263, "Cannot run 'count' in a multi-document transaction.");
  const collection = findCollection(context);
  if (!collection) return { n: 0 };
  const conditions = optionalDocument(context, "query") ?? EMPTY;
  const filter = compileFilter(conditions, exprCompiler());
  const fields = fieldsOfQuery(conditions, undefined);
  const query = { collection, filter, hint: context.body.get("hint"), fields };
  const [total] = await collectAll(context, countMatching(context, query));
  const skip = optionalCount(context, "skip") ?? 0;
  const limit = Math.abs(toNumber(context.body.get("limit")) ?? 0) || Infinity;
  return { n: Math.min(Math.max(0, total! - skip), limit) };
}

export async function distinct(context: Context): Promise<Reply> {
  const key = context.body.get("key");
  if (typeof key !== "string") throw wrongType(context, "key", key, "string");
  const conditions = optionalDocument(context, "query") ?? EMPTY;
  const filter = compileFilter(conditions, exprCompiler());
  const collection = findCollection(context);
  if (!collection) return { values: [] };
  const parts = splitPath(key);
  const fields = fieldsOfQuery(conditions, undefined)?.add(parts[0]!);
  const found = new Map<string, Value>();
  let bytes = 0;
  for (const doc of decoded(
    findDocuments(context, { collection, filter, hint: context.body.get("hint"), fields }),
  )) {
    if (!doc) {
      await letOthersRun(context);
      continue;
    }
    someAtPath(doc, parts, false, (value) => {
      for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
        const text = keyText(one);
        if (found.has(text)) continue;
        found.set(text, one);
        bytes += sizeOf(one);
      }
      return false;
    });
    if (bytes > MAX_DISTINCT_BYTES) throw new CommandError(17217, "distinct too big, 16mb cap");
  }
  return { values: [...found.values()] };
}
