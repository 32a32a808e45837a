import { CommandError, badValue } from "./errors.ts";
import { exprCompiler } from "./expr-filter.ts";
import { type Expression, compileExpression, rootScope } from "./expressions.ts";
import { groupStage } from "./group.ts";
import { lookupStage } from "./lookup.ts";
import { compileFilter } from "./match.ts";
import { compileProjection, setPath } from "./projection.ts";
import type { Engine } from "./engine.ts";
import { cut } from "./query.ts";
import { type Paced, isSliceOver } from "./scan.ts";
import { parseSort, sortKey, sorted } from "./sort.ts";
import type { Transaction } from "./transaction.ts";
import { type Doc, type Value, isTruthy, toNumber, typeName } from "./values.ts";

/** What stages need beside their documents. */
export type Environment = {
  engine: Engine;
  database: string;
  transaction: Transaction | undefined;
  variables: ReadonlyMap<string, Value | undefined>;
};

export type Stage = (source: Paced<Doc>) => Paced<Doc>;

export function parseStage(stage: Value): [name: string, argument: Value] {
  if (!(stage instanceof Map))
    throw new CommandError(14, "Each element of the 'pipeline' array must be an object");
  if (stage.size !== 1)
    throw new CommandError(40323, "A pipeline stage specification object must contain exactly one field.");
  return stage.entries().next().value!;
}

export function compileStages(stages: Value[], environment: Environment): Stage[] {
  return stages.map((stage) => {
    const [name, argument] = parseStage(stage);
    const compile = STAGES.get(name);
    if (!compile) throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
    return compile(argument, environment);
  });
}

export function runStages(source: Paced<Doc>, stages: readonly Stage[]): Paced<Doc> {
  return stages.reduce((previous, stage) => stage(previous), source);
}

/** An update given as a pipeline: only stages that turn one document into one. */
export function compileUpdatePipeline(
  stages: Value[],
  variables: Environment["variables"],
): (doc: Doc) => Doc {
  const environment = { variables };
  const compiled = stages.map((stage) => {
    const [name, argument] = parseStage(stage);
    const compile = TRANSFORMS.get(name);
    if (!compile) throw new CommandError(72, `${name} is not allowed to be used within an update`);
    return compile(argument, environment);
  });
  return (doc) => compiled.reduce((current, transform) => transform(current), doc);
}

type Transform = (doc: Doc) => Doc;
type Variables = Pick<Environment, "variables">;

function addFields(argument: Value, { variables }: Variables): Transform {
  if (!(argument instanceof Map))
    throw new CommandError(
      40272,
      `$addFields specification stage must be an object, got ${typeName(argument)}`,
    );
  const fields = flattened(argument, []);
  return (doc) => {
    const result = new Map(doc);
    const scope = rootScope(doc, variables);
    for (const { parts, expression } of fields) {
      const value = expression(scope);
      if (value !== undefined) setPath(result, parts, value);
      else if (parts.length === 1) result.delete(parts[0]!);
    }
    return result;
  };
}

/** `{ a: { b: 1 } }` in `$addFields` adds `a.b` and keeps the rest of `a`. */
function flattened(spec: Doc, prefix: string[]): { parts: string[]; expression: Expression }[] {
  return [...spec].flatMap(([key, value]) => {
    if (key === "" || key.startsWith("$"))
      throw new CommandError(16410, `FieldPath field names may not start with '$'. Field: ${key}`);
    const parts = [...prefix, ...key.split(".")];
    const first = value instanceof Map ? value.keys().next().value : undefined;
    if (value instanceof Map && first !== undefined && !first.startsWith("$")) return flattened(value, parts);
    return [{ parts, expression: compileExpression(value) }];
  });
}

function project(argument: Value, { variables }: Variables): Transform {
  if (!(argument instanceof Map)) throw new CommandError(15969, "$project specification must be an object");
  const projection = compileProjection(argument);
  return (doc) => projection(doc, rootScope(doc, variables));
}

function unset(argument: Value, environment: Variables): Transform {
  const paths = Array.isArray(argument) ? argument : [argument];
  if (paths.length === 0 || paths.some((path) => typeof path !== "string"))
    throw new CommandError(
      31120,
      "$unset specification must be a string or an array containing only string values",
    );
  return project(new Map(paths.map((path) => [path as string, 0])), environment);
}

function replaceWith(argument: Value, { variables }: Variables): Transform {
  const expression = compileExpression(argument);
  return (doc) => {
    const value = expression(rootScope(doc, variables));
    if (!(value instanceof Map))
      throw new CommandError(
        40228,
        `'newRoot' expression must evaluate to an object, but resulting value was of type: '${typeName(value)}'`,
      );
    return value;
  };
}

function replaceRoot(argument: Value, environment: Variables): Transform {
  const newRoot = argument instanceof Map ? argument.get("newRoot") : undefined;
  if (newRoot === undefined) throw new CommandError(40231, "no newRoot specified for the $replaceRoot stage");
  return replaceWith(newRoot, environment);
}

const TRANSFORMS = new Map<string, (argument: Value, environment: Variables) => Transform>([
  ["$addFields", addFields],
  ["$set", addFields],
  ["$project", project],
  ["$unset", unset],
  ["$replaceRoot", replaceRoot],
  ["$replaceWith", replaceWith],
]);

function eachDocument(compile: (argument: Value, environment: Environment) => Transform) {
  return (argument: Value, environment: Environment): Stage => {
    const transform = compile(argument, environment);
    return function* (source) {
      for (const doc of source) yield doc && transform(doc);
    };
  };
}

function match(argument: Value, { variables }: Environment): Stage {
  if (!(argument instanceof Map))
    throw new CommandError(15959, "the match filter must be an expression in an object");
  const { test } = compileFilter(argument, exprCompiler(variables));
  return function* (source) {
    for (const doc of source) if (!doc || test(doc)) yield doc;
  };
}

function sortStage(argument: Value): Stage {
  const sort = parseSort(argument);
  if (!sort) throw new CommandError(15976, "$sort stage must have at least one sort key");
  return (source) => sorted(source, Infinity, (doc) => sortKey(doc, sort), roughSize);
}

function roughSize(doc: Doc): number {
  return 100 + doc.size * 60;
}

export function wholeNumber(argument: Value, name: string, min: number): number {
  const count = toNumber(argument);
  if (count === undefined || !Number.isInteger(count))
    throw new CommandError(5107200, `invalid argument to ${name} stage: Expected an integer`);
  if (count < min)
    throw min === 1
      ? new CommandError(15958, "the limit must be positive")
      : new CommandError(5107200, `invalid argument to ${name} stage: Expected a non-negative number`);
  return count;
}

function countStage(argument: Value): Stage {
  if (typeof argument !== "string" || argument === "" || argument.startsWith("$") || argument.includes(".")) {
    throw new CommandError(40156, "the count field must be a non-empty string");
  }
  return function* (source) {
    let count = 0;
    for (const doc of source) {
      if (doc) count++;
      else yield undefined;
    }
    if (count > 0) yield new Map([[argument, count]]);
  };
}

function unwind(argument: Value): Stage {
  const options = argument instanceof Map ? argument : new Map<string, Value>([["path", argument]]);
  const path = options.get("path");
  if (typeof path !== "string" || !path.startsWith("$"))
    throw new CommandError(28818, "path option to $unwind stage should be prefixed with a '$'");
  const parts = path.slice(1).split(".");
  const keepsEmpty = isTruthy(options.get("preserveNullAndEmptyArrays"));
  const indexField = options.get("includeArrayIndex");
  const read = compileExpression(path);
  return function* (source) {
    for (const doc of source) {
      if (!doc) {
        yield undefined;
        continue;
      }
      const value = read(rootScope(doc));
      if (Array.isArray(value) && value.length > 0) {
        for (const [i, element] of value.entries()) yield unwound(doc, parts, element, indexField, BigInt(i));
      } else if (!Array.isArray(value) && value !== undefined && value !== null)
        yield unwound(doc, parts, value, indexField, null);
      else if (keepsEmpty)
        yield unwound(doc, parts, Array.isArray(value) ? undefined : value, indexField, null);
    }
  };
}

function unwound(
  doc: Doc,
  parts: string[],
  element: Value | undefined,
  indexField: Value | undefined,
  index: Value,
): Doc {
  const result = new Map(doc);
  if (element !== undefined) setPath(result, parts, element);
  else if (parts.length === 1) result.delete(parts[0]!);
  if (typeof indexField === "string") setPath(result, indexField.split("."), index);
  return result;
}

function facet(argument: Value, environment: Environment): Stage {
  if (!(argument instanceof Map) || argument.size === 0)
    throw new CommandError(40169, "the $facet specification must be a non-empty object");
  const facets = [...argument].map(([name, stages]) => {
    if (!Array.isArray(stages))
      throw new CommandError(
        40170,
        `arguments to $facet must be arrays, ${name} is type ${typeName(stages)}`,
      );
    return [name, compileStages(stages, environment)] as const;
  });
  return function* (source) {
    const all: Doc[] = [];
    for (const doc of source) {
      if (doc) all.push(doc);
      else yield undefined;
    }
    const result: Doc = new Map();
    for (const [name, stages] of facets) {
      const found: Value[] = [];
      for (const doc of runStages(from(all), stages)) {
        if (doc) found.push(doc);
        else yield undefined;
      }
      result.set(name, found);
    }
    yield result;
  };
}

function* from(docs: Doc[]): Paced<Doc> {
  for (const doc of docs) {
    yield doc;
    if (isSliceOver()) yield undefined;
  }
}

function sortByCount(argument: Value, environment: Environment): Stage {
  const group = groupStage(
    new Map<string, Value>([
      ["_id", argument],
      ["count", new Map([["$sum", 1]])],
    ]),
    environment,
  );
  const order = sortStage(new Map([["count", -1]]));
  return (source) => order(group(source));
}

const STAGES = new Map<string, (argument: Value, environment: Environment) => Stage>([
  ...[...TRANSFORMS].map(([name, compile]) => [name, eachDocument(compile)] as const),
  ["$match", match],
  ["$sort", sortStage],
  [
    "$skip",
    (argument) => {
      const skip = wholeNumber(argument, "$skip", 0);
      return (source) => cut(source, skip, Infinity);
    },
  ],
  [
    "$limit",
    (argument) => {
      const limit = wholeNumber(argument, "$limit", 1);
      return (source) => cut(source, 0, limit);
    },
  ],
  ["$count", countStage],
  ["$unwind", unwind],
  ["$group", groupStage],
  ["$lookup", lookupStage],
  ["$facet", facet],
  ["$sortByCount", sortByCount],
]);

export function requirePipeline(value: Value | undefined): Value[] {
  if (!Array.isArray(value)) throw badValue("'pipeline' option must be specified as an array");
  return value;
}
