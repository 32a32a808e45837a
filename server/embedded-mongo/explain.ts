import { leadingQuery } from "./aggregate-command.ts";
import type { Encodable } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
import { type Context, type Reply, findCollection, wrongType } from "./context.ts";
import { ensure } from "./errors.ts";
import { exprCompiler } from "./expr-filter.ts";
import { compileFilter } from "./match.ts";
import { requirePipeline } from "./pipeline.ts";
import { planQuery } from "./planner.ts";
import { EMPTY } from "./read-commands.ts";
import type { ScanTarget } from "./scan.ts";
import { parseSort } from "./sort.ts";
import type { Doc, Value } from "./values.ts";

/** Only what people look at first: which index serves the query. */
export function explain(context: Context): Reply {
  const command = context.body.get("explain");
  if (!(command instanceof Map)) throw wrongType(context, "explain", command, "object");
  const [[name, on] = ["", null]] = command;
  ensure(
    ["find", "aggregate", "count", "distinct"].includes(name) && typeof on === "string",
    59,
    `Explain failed due to unknown command: ${name}`,
  );
  const leading = name === "aggregate" ? leadingQuery(requirePipeline(command.get("pipeline"))) : undefined;
  const query = leading?.filter ?? command.get("filter") ?? command.get("query") ?? EMPTY;
  const collection = findCollection(context, on);
  const winningPlan = collection
    ? describePlan(collection, query as Doc, leading ? leading.sort : parseSort(command.get("sort")), command)
    : { stage: "EOF" };
  const namespace = `${context.database}.${on}`;
  return {
    explainVersion: "1",
    queryPlanner: { namespace, parsedQuery: query, winningPlan, rejectedPlans: [] },
    command,
  };
}

function describePlan(
  collection: Collection,
  query: Doc,
  sort: ReturnType<typeof parseSort>,
  command: Doc,
): Encodable {
  const plan = planQuery(collection, compileFilter(query, exprCompiler()), sort, command.get("hint"));
  const scans = plan.scans.map(describeScan);
  const found: Encodable = scans.length === 1 ? scans[0] : { stage: "OR", inputStages: scans };
  if (!sort || plan.sorted) return found;
  const sortPattern: Doc = new Map<string, Value>(sort.map((by) => [by.path, by.descending ? -1 : 1]));
  return { stage: "SORT", sortPattern, inputStage: found };
}

function describeScan({ index, backward }: ScanTarget): Encodable {
  const direction = backward ? "backward" : "forward";
  if (!index) return { stage: "COLLSCAN", direction };
  const keyPattern = index.spec.get("key");
  const { name: indexName, unique: isUnique } = index;
  const isMultiKey = index.multikey !== 0;
  return {
    stage: "FETCH",
    inputStage: { stage: "IXSCAN", keyPattern, indexName, isMultiKey, isUnique, direction },
  };
}
