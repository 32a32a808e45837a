import { CommandError, failedToParse } from "./errors.ts";
import { exprCompiler } from "./expr-filter.ts";
import { type Expression, compileExpression, rootScope } from "./expressions.ts";
import { type Filter, compileFilter } from "./match.ts";
import { someAtPath, splitPath } from "./paths.ts";
import { type Environment, type Stage, compileStages, parseStage, runStages } from "./pipeline.ts";
import { setPath } from "./projection.ts";
import { docOf, findDocuments } from "./query.ts";
import { type Paced, isSliceOver } from "./scan.ts";
import { type Doc, Regex, type Value, typeName } from "./values.ts";

type Lookup = {
  from: string;
  as: string[];
  localField: string | undefined;
  foreignField: string | undefined;
  variables: (readonly [string, Expression])[];
  pipeline: Value[];
};

const FIELDS = new Set(["from", "as", "localField", "foreignField", "let", "pipeline"]);

/** Joins by equal fields, by a pipeline with variables, or both. Each document asks once, through an index if there is one. */
export function lookupStage(argument: Value, environment: Environment): Stage {
  const lookup = parseLookup(argument);
  // Compiled once now, so that a faulty pipeline fails even without documents.
  if (lookup.variables.length === 0) compileStages(lookup.pipeline, environment);
  return function* (source) {
    for (const doc of source) {
      if (!doc) {
        yield undefined;
        continue;
      }
      const found: Value[] = [];
      for (const other of foreignDocuments(doc, lookup, environment)) {
        if (other) found.push(other);
        else yield undefined;
      }
      const result = new Map(doc);
      setPath(result, lookup.as, found);
      yield result;
      if (isSliceOver()) yield undefined;
    }
  };
}

function parseLookup(argument: Value): Lookup {
  if (!(argument instanceof Map)) throw failedToParse("the $lookup specification must be an Object");
  for (const key of argument.keys())
    if (!FIELDS.has(key)) throw failedToParse(`unknown argument to $lookup: ${key}`);
  const from = argument.get("from");
  const as = argument.get("as");
  const localField = argument.get("localField");
  const foreignField = argument.get("foreignField");
  const pipeline = argument.get("pipeline");
  const variables = argument.get("let");
  if (typeof from !== "string") throw failedToParse("missing 'from' option to $lookup stage specification");
  if (typeof as !== "string") throw failedToParse("must specify 'as' field for a $lookup");
  if ((localField === undefined) !== (foreignField === undefined))
    throw failedToParse(
      "$lookup requires both or neither of 'localField' and 'foreignField' to be specified",
    );
  if (pipeline === undefined && localField === undefined)
    throw failedToParse(
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    );
  if (pipeline !== undefined && !Array.isArray(pipeline))
    throw new CommandError(
      14,
      `'pipeline' option must be specified as an array, found ${typeName(pipeline)}`,
    );
  return {
    from,
    as: as.split("."),
    localField: localField as string | undefined,
    foreignField: foreignField as string | undefined,
    variables:
      variables instanceof Map
        ? [...variables].map(([name, value]) => [name, compileExpression(value)] as const)
        : [],
    pipeline: pipeline ?? [],
  };
}

function* foreignDocuments(doc: Doc, lookup: Lookup, environment: Environment): Paced<Doc> {
  const { engine, database, transaction } = environment;
  const collection = engine.store.collection(`${database}.${lookup.from}`);
  if (!collection) return;
  const scope = rootScope(doc, environment.variables);
  const variables = new Map([
    ...environment.variables,
    ...lookup.variables.map(([name, expression]) => [name, expression(scope)] as const),
  ]);
  const conditions: Filter[] = [];
  if (lookup.localField !== undefined)
    conditions.push(joinFilter(doc, lookup.localField, lookup.foreignField!));
  // The leading $match of the pipeline finds its documents itself, so that it can use an index.
  let rest = lookup.pipeline;
  const [name, argument] = rest[0] === undefined ? [] : parseStage(rest[0]);
  if (name === "$match" && argument instanceof Map) {
    conditions.push(compileFilter(argument, exprCompiler(variables)));
    rest = rest.slice(1);
  }
  const filter: Filter = {
    test: (other) => conditions.every((condition) => condition.test(other)),
    conditions: conditions.flatMap((condition) => condition.conditions),
  };
  yield* runStages(
    decoded(findDocuments(engine, { collection, filter }, transaction)),
    compileStages(rest, { ...environment, variables }),
  );
}

export function* decoded(source: ReturnType<typeof findDocuments>): Paced<Doc> {
  for (const found of source) yield found && docOf(found);
}

function joinFilter(doc: Doc, localField: string, foreignField: string): Filter {
  const values: Value[] = [];
  someAtPath(doc, splitPath(localField), true, (value) => {
    if (!Array.isArray(value)) values.push(value ?? null);
    return false;
  });
  if (values.some((value) => value instanceof Regex))
    throw failedToParse("$lookup on a regular expression is not supported");
  const condition: Doc = values.length === 1 ? new Map([["$eq", values[0]!]]) : new Map([["$in", values]]);
  return compileFilter(new Map([[foreignField, condition]]));
}
