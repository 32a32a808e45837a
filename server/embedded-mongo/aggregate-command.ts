import { encode } from "./bson-codec.ts";
import { type Context, type Reply, collectionName, findCollection, optionalDocument } from "./context.ts";
import { ensure } from "./errors.ts";
import { exprCompiler, variablesOf } from "./expr-filter.ts";
import { decoded } from "./lookup.ts";
import { compileFilter } from "./match.ts";
import { fieldsOfAggregation } from "./needed-fields.ts";
import {
  type Environment,
  compileStages,
  parseStage,
  requirePipeline,
  runStages,
  wholeNumber,
} from "./pipeline.ts";
import { type Query, countMatching, encoded, findDocuments } from "./query.ts";
import { EMPTY, nothing } from "./read-commands.ts";
import type { Paced } from "./scan.ts";
import { type Sort, parseSort } from "./sort.ts";
import { type Doc, type Value, toNumber } from "./values.ts";

export async function aggregate(context: Context): Promise<Reply> {
  const { body, engine, database, transaction, instance } = context;
  const stages = requirePipeline(body.get("pipeline"));
  const cursor = body.get("cursor");
  ensure(cursor instanceof Map, 9, "The 'cursor' option is required");
  ensure(
    typeof body.get("aggregate") === "string",
    73,
    "aggregations without a collection are not supported",
  );
  const variables = variablesOf(optionalDocument(context, "let"));
  const source = aggregated(context, stages, { engine, database, transaction, variables });
  const namespace = `${database}.${collectionName(context)}`;
  return instance.cursors.open(context, namespace, source, toNumber(cursor.get("batchSize")));
}

type Leading = { filter: Doc; sort: Sort | undefined; skip: number; limit: number; rest: Value[] };

/** What the first stages ask of the collection itself: indexes serve them as they serve a find. */
export function leadingQuery(stages: Value[]): Leading {
  const query: Leading = { filter: EMPTY, sort: undefined, skip: 0, limit: Infinity, rest: stages };
  let step = 0;
  const steps = ["$match", "$sort", "$skip", "$limit"];
  for (const [i, stage] of stages.entries()) {
    const [name, argument] = parseStage(stage);
    const at = steps.indexOf(name);
    if (at < step) break;
    step = at + 1;
    if (name === "$match" && argument instanceof Map) query.filter = argument;
    else if (name === "$sort" && parseSort(argument)) query.sort = parseSort(argument);
    else if (name === "$skip") query.skip = wholeNumber(argument, name, 0);
    else if (name === "$limit") query.limit = wholeNumber(argument, name, 1);
    else break;
    query.rest = stages.slice(i + 1);
  }
  return query;
}

function aggregated(context: Context, stages: Value[], environment: Environment): Paced<Uint8Array> {
  const { filter: match, sort, skip, limit, rest } = leadingQuery(stages);
  const compiled = compileStages(rest, environment);
  const filter = compileFilter(match, exprCompiler(environment.variables));
  const collection = findCollection(context);
  if (!collection) return encodedDocs(runStages(nothing(), compiled));
  const fields = fieldsOfAggregation(match, sort, rest);
  const query: Query = { collection, filter, sort, skip, limit, hint: context.body.get("hint"), fields };
  const counted = countField(rest);
  if (counted && skip === 0 && limit === Infinity) return countOnly(query, counted, environment);
  const found = findDocuments(environment, query);
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
  const isCount = sum instanceof Map && toNumber(sum.get("$sum")) === 1;
  return isCount && (id === null || typeof id === "number") ? { field, id } : undefined;
}

function* countOnly(
  query: Query,
  { field, id }: { field: string; id?: Value },
  environment: Environment,
): Paced<Uint8Array> {
  for (const total of countMatching(environment, query)) {
    if (total === undefined) yield undefined;
    else if (total > 0) yield encode(id === undefined ? { [field]: total } : { _id: id, [field]: total });
  }
}

function* encodedDocs(source: Paced<Doc>): Paced<Uint8Array> {
  for (const doc of source) yield doc && encode(doc);
}
