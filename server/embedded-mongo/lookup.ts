import { CommandError, ensure } from "./errors.ts";
import { exprCompiler } from "./expr-filter.ts";
import { type Expression, compileExpression, rootScope } from "./expressions.ts";
import { type Filter, compileFilter } from "./match.ts";
import { MAX_STAGE_BYTES, sizeOf } from "./memory.ts";
import { someAtPath, splitPath } from "./paths.ts";
import { type Environment, type Stage, compileStages, parseStage, runStages } from "./pipeline.ts";
import { setPath } from "./projection.ts";
import { docOf, findDocuments } from "./query.ts";
import { type Paced, isSliceOver } from "./scan.ts";
import { type Doc, Regex, type Value, typeName } from "./values.ts";

type Lookup = {
  from: string;
  as: string[];
  fields: { local: string; foreign: string } | undefined;
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
      let bytes = 0;
      for (const other of foreignDocuments(doc, lookup, environment)) {
        if (other) found.push(other);
        else yield undefined;
        if (other && (bytes += sizeOf(other)) > MAX_STAGE_BYTES) throw tooManyFound(lookup.from);
      }
      const result = new Map(doc);
      setPath(result, lookup.as, found);
      yield result;
      if (isSliceOver()) yield undefined;
    }
  };
}

function tooManyFound(from: string): CommandError {
  return new CommandError(
    4568,
    `Total size of documents in ${from} matching pipeline's $lookup stage exceeds ${MAX_STAGE_BYTES} bytes`,
  );
}

function parseLookup(argument: Value): Lookup {
  ensure(argument instanceof Map, 9, "the $lookup specification must be an Object");
  for (const key of argument.keys()) ensure(FIELDS.has(key), 9, `unknown argument to $lookup: ${key}`);
  const {
    from,
    as,
    localField,
    foreignField,
    pipeline = [],
    let: variables = new Map<string, Value>(),
  } = Object.fromEntries(argument);
  ensure(typeof from === "string", 9, "missing 'from' option to $lookup stage specification");
  ensure(typeof as === "string", 9, "must specify 'as' field for a $lookup");
  const isByFields = typeof localField === "string" && typeof foreignField === "string";
  ensure(
    isByFields || (localField === undefined && foreignField === undefined && argument.has("pipeline")),
    9,
    "$lookup requires both 'localField' and 'foreignField', or neither of them and 'pipeline'",
  );
  ensure(
    Array.isArray(pipeline),
    14,
    `'pipeline' option must be specified as an array, found ${typeName(pipeline)}`,
  );
  ensure(variables instanceof Map, 9, "$lookup argument 'let' must be an object");
  return {
    from,
    as: as.split("."),
    fields: isByFields ? { local: localField, foreign: foreignField } : undefined,
    variables: [...variables].map(([name, value]) => [name, compileExpression(value)] as const),
    pipeline,
  };
}

function* foreignDocuments(doc: Doc, lookup: Lookup, environment: Environment): Paced<Doc> {
  const collection = environment.engine.store.collection(`${environment.database}.${lookup.from}`);
  if (!collection) return;
  const scope = rootScope(doc, environment.variables);
  const variables = new Map([
    ...environment.variables,
    ...lookup.variables.map(([name, expression]) => [name, expression(scope)] as const),
  ]);
  const filters: Filter[] = [];
  if (lookup.fields) filters.push(joinFilter(doc, lookup.fields.local, lookup.fields.foreign));
  // The leading $match of the pipeline finds its documents itself, so that it can use an index.
  let rest = lookup.pipeline;
  const [name, argument] = rest[0] === undefined ? [] : parseStage(rest[0]);
  if (name === "$match" && argument instanceof Map) {
    filters.push(compileFilter(argument, exprCompiler(variables)));
    rest = rest.slice(1);
  }
  const filter: Filter = {
    test: (other) => filters.every(({ test }) => test(other)),
    conditions: filters.flatMap(({ conditions }) => conditions),
  };
  const found = findDocuments(environment, { collection, filter });
  yield* runStages(decoded(found), compileStages(rest, { ...environment, variables }));
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
    throw new CommandError(9, "$lookup on a regular expression is not supported");
  const condition: Doc = values.length === 1 ? new Map([["$eq", values[0]!]]) : new Map([["$in", values]]);
  return compileFilter(new Map([[foreignField, condition]]));
}
