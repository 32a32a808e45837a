import type { Encodable } from "./bson-codec.ts";
import { encode } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
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
import { CommandError, failedToParse } from "./errors.ts";
import { exprCompiler, variablesOf } from "./expr-filter.ts";
import { rootScope } from "./expressions.ts";
import { keyText } from "./key-encoding.ts";
import { decoded } from "./lookup.ts";
import { compileFilter } from "./match.ts";
import { neededFields } from "./needed-fields.ts";
import { someAtPath, splitPath } from "./paths.ts";
import {
  type Environment,
  compileStages,
  parseStage,
  requirePipeline,
  runStages,
  wholeNumber,
} from "./pipeline.ts";
import { planQuery } from "./planner.ts";
import { compileProjection } from "./projection.ts";
import { type Query, countMatching, encoded, findDocuments } from "./query.ts";
import type { Paced } from "./scan.ts";
import { parseSort } from "./sort.ts";
import { type Doc, type Value, toNumber } from "./values.ts";

const EMPTY: Doc = new Map();

export async function find(context: Context): Promise<Reply> {
  const { engine, instance, transaction } = context;
  const query = optionalDocument(context, "filter") ?? EMPTY;
  const variables = variablesOf(optionalDocument(context, "let"));
  const filter = compileFilter(query, exprCompiler(variables));
  const fields = optionalDocument(context, "projection");
  const projection = fields && fields.size > 0 ? compileProjection(fields, query) : undefined;
  const project = projection && ((doc: Doc) => projection(doc, rootScope(doc, variables)));
  const sort = parseSort(context.body.get("sort"));
  const { limit, single } = limitOf(context);
  const skip = optionalCount(context, "skip") ?? 0;
  const collection = findCollection(context);
  const namespace = `${context.database}.${collectionName(context)}`;
  if (flag(context, "tailable") || flag(context, "awaitData"))
    throw failedToParse("tailable cursors are not supported");
  const source = collection
    ? encoded(
        findDocuments(
          engine,
          { collection, filter, sort, skip, limit, hint: context.body.get("hint") },
          transaction,
        ),
        project,
      )
    : nothing<Uint8Array>();
  return instance.cursors.open(
    context,
    namespace,
    source,
    optionalCount(context, "batchSize"),
    single || flag(context, "singleBatch"),
  );
}

function limitOf(context: Context): { limit: number; single: boolean } {
  // Old clients say "one batch only" by a negative limit.
  const given = toNumber(context.body.get("limit")) ?? 0;
  return { limit: given === 0 ? Infinity : Math.abs(given), single: given < 0 };
}

function* nothing<T>(): Paced<T> {}

export async function getMore(context: Context): Promise<Reply> {
  const id = context.body.get("getMore");
  const name = context.body.get("collection");
  if (typeof id !== "bigint") throw wrongType(context, "getMore", id, "long");
  if (typeof name !== "string") throw wrongType(context, "collection", name, "string");
  return context.instance.cursors.more(
    context,
    id,
    `${context.database}.${name}`,
    optionalCount(context, "batchSize") || undefined,
  );
}

export function killCursors(context: Context): Reply {
  const ids = context.body.get("cursors");
  if (!Array.isArray(ids)) throw wrongType(context, "cursors", ids, "array");
  const killed: Value[] = [];
  const unknown: Value[] = [];
  for (const id of ids)
    (typeof id === "bigint" && context.instance.cursors.kill(id) ? killed : unknown).push(id);
  return { cursorsKilled: killed, cursorsNotFound: unknown, cursorsAlive: [], cursorsUnknown: [] };
}

export async function count(context: Context): Promise<Reply> {
  if (context.transaction) throw new CommandError(263, "Cannot run 'count' in a multi-document transaction.");
  const collection = findCollection(context);
  if (!collection) return { n: 0 };
  const filter = compileFilter(optionalDocument(context, "query") ?? EMPTY, exprCompiler());
  const [total] = await collectAll(
    context,
    countMatching(context.engine, { collection, filter, hint: context.body.get("hint") }, undefined),
  );
  const skip = optionalCount(context, "skip") ?? 0;
  const limit = Math.abs(toNumber(context.body.get("limit")) ?? 0) || Infinity;
  return { n: Math.min(Math.max(0, total! - skip), limit) };
}

export async function distinct(context: Context): Promise<Reply> {
  const key = context.body.get("key");
  if (typeof key !== "string") throw wrongType(context, "key", key, "string");
  const collection = findCollection(context);
  const found = new Map<string, Value>();
  if (collection) {
    const filter = compileFilter(optionalDocument(context, "query") ?? EMPTY, exprCompiler());
    const parts = splitPath(key);
    for (const doc of decoded(
      findDocuments(
        context.engine,
        { collection, filter, hint: context.body.get("hint") },
        context.transaction,
      ),
    )) {
      if (!doc) await letOthersRun(context);
      else collectDistinct(doc, parts, found);
    }
  }
  return { values: [...found.values()] };
}

function collectDistinct(doc: Doc, parts: readonly string[], found: Map<string, Value>): void {
  someAtPath(doc, parts, false, (value) => {
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      const text = keyText(one);
      if (!found.has(text)) found.set(text, one);
    }
    return false;
  });
}

export async function aggregate(context: Context): Promise<Reply> {
  const { body, engine, database, transaction, instance } = context;
  const stages = requirePipeline(body.get("pipeline"));
  const cursor = body.get("cursor");
  if (!(cursor instanceof Map) && !body.has("explain"))
    throw failedToParse("The 'cursor' option is required, except for aggregate with the explain argument");
  if (typeof body.get("aggregate") !== "string")
    throw new CommandError(73, "Invalid namespace specified: collectionless aggregations are not supported");
  const variables = variablesOf(optionalDocument(context, "let"));
  const environment: Environment = { engine, database, transaction, variables };
  const collection = findCollection(context);
  const namespace = `${database}.${collectionName(context)}`;
  const batchSize = cursor instanceof Map ? toNumber(cursor.get("batchSize")) : undefined;
  const source = aggregated(context, collection, stages, environment);
  return instance.cursors.open(context, namespace, source, batchSize);
}

/** What the first stages ask of the collection itself: indexes serve them as they serve a find. */
function leadingQuery(stages: Value[]): {
  filter: Doc;
  sort?: Value;
  skip: number;
  limit: number;
  rest: Value[];
} {
  const query = { filter: EMPTY, sort: undefined as Value | undefined, skip: 0, limit: Infinity };
  let used = 0;
  let step = 0;
  const steps = ["$match", "$sort", "$skip", "$limit"];
  for (const stage of stages) {
    const [name, argument] = parseStage(stage);
    const at = steps.indexOf(name);
    if (at < step) break;
    step = at + 1;
    if (name === "$match" && argument instanceof Map) query.filter = argument;
    else if (name === "$sort" && parseSort(argument)) query.sort = argument;
    else if (name === "$skip") query.skip = wholeNumber(argument, name, 0);
    else if (name === "$limit") query.limit = wholeNumber(argument, name, 1);
    else break;
    used++;
  }
  return { ...query, rest: stages.slice(used) };
}

function aggregated(
  context: Context,
  collection: Collection | undefined,
  stages: Value[],
  environment: Environment,
): Paced<Uint8Array> {
  const { filter: match, sort, skip, limit, rest } = leadingQuery(stages);
  const compiled = compileStages(rest, environment);
  const filter = compileFilter(match, exprCompiler(environment.variables));
  if (!collection) return encodedDocs(runStages(nothing(), compiled));
  const query: Query = {
    collection,
    filter,
    sort: parseSort(sort),
    skip,
    limit,
    hint: context.body.get("hint"),
    fields: neededFields(match, parseSort(sort), rest),
  };
  const counted = countField(rest);
  if (counted && skip === 0 && limit === Infinity) return countOnly(query, counted, environment);
  const found = findDocuments(environment.engine, query, environment.transaction);
  if (rest.length === 0) return encoded(found, undefined);
  return encodedDocs(runStages(decoded(found), compiled));
}

/** Recognises what countDocuments sends, and `$count`: an index can answer them. */
function countField(rest: Value[]): { field: string; id?: Value } | undefined {
  if (rest.length !== 1) return undefined;
  const [name, argument] = parseStage(rest[0]!);
  if (name === "$count" && typeof argument === "string") return { field: argument };
  if (name !== "$group" || !(argument instanceof Map) || argument.size !== 2) return undefined;
  const id = argument.get("_id");
  const [field, sum] = [...argument][1]!;
  if (!(id === null || typeof id === "number") || !(sum instanceof Map) || toNumber(sum.get("$sum")) !== 1)
    return undefined;
  return { field, id };
}

function* countOnly(
  query: Query,
  { field, id }: { field: string; id?: Value },
  { engine, transaction }: Environment,
): Paced<Uint8Array> {
  for (const total of countMatching(engine, query, transaction)) {
    if (total === undefined) yield undefined;
    else if (total > 0) yield encode(id === undefined ? { [field]: total } : { _id: id, [field]: total });
  }
}

function* encodedDocs(source: Paced<Doc>): Paced<Uint8Array> {
  for (const doc of source) yield doc && encode(doc);
}

/** Only what people look at first: which index serves the query. */
export function explain(context: Context): Reply {
  const inner = context.body.get("explain");
  if (!(inner instanceof Map)) throw wrongType(context, "explain", inner, "object");
  const [command] = inner.keys();
  const name = inner.get(command ?? "");
  if (!["find", "aggregate", "count", "distinct"].includes(command ?? "") || typeof name !== "string")
    throw new CommandError(59, `Explain failed due to unknown command: ${command}`);
  const pipeline = command === "aggregate" ? leadingQuery(requirePipeline(inner.get("pipeline"))) : undefined;
  const query = pipeline?.filter ?? inner.get("filter") ?? inner.get("query") ?? EMPTY;
  const collection = findCollection(context, name);
  const winningPlan = collection
    ? describePlan(collection, query as Doc, pipeline?.sort ?? inner.get("sort"), inner.get("hint"))
    : { stage: "EOF" };
  return {
    explainVersion: "1",
    queryPlanner: {
      namespace: `${context.database}.${name}`,
      parsedQuery: query,
      winningPlan,
      rejectedPlans: [],
    },
    command: inner,
  };
}

function describePlan(
  collection: Collection,
  query: Doc,
  sort: Value | undefined,
  hint: Value | undefined,
): Encodable {
  const order = parseSort(sort);
  const plan = planQuery(collection, compileFilter(query, exprCompiler()), order, hint);
  const scans = plan.scans.map(({ index, backward }) => {
    const direction = backward ? "backward" : "forward";
    if (!index) return { stage: "COLLSCAN", direction };
    const scan = {
      stage: "IXSCAN",
      keyPattern: index.spec.get("key"),
      indexName: index.name,
      isMultiKey: index.multikey !== 0,
      isUnique: index.unique,
      direction,
    };
    return { stage: "FETCH", inputStage: scan };
  });
  const found: Encodable = scans.length === 1 ? scans[0] : { stage: "OR", inputStages: scans };
  return order && !plan.sorted ? { stage: "SORT", sortPattern: sort, inputStage: found } : found;
}
