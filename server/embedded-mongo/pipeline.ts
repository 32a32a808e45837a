import type { View } from "./engine.ts";
import { CommandError, ensure } from "./errors.ts";
import { exprCompiler } from "./expr-filter.ts";
import { type Expression, type Variables, compileExpression, rootScope } from "./expressions.ts";
import { groupStage } from "./group.ts";
import { lookupStage } from "./lookup.ts";
import { compileFilter } from "./match.ts";
import { sizeOf } from "./memory.ts";
import { compileProjection, setPath } from "./projection.ts";
import { cut } from "./query.ts";
import { type Paced, isSliceOver } from "./scan.ts";
import { parseSort, sortKey, sorted } from "./sort.ts";
import { type Doc, type Value, isTruthy, toNumber, typeName } from "./values.ts";

/** What stages need beside their documents. */
export type Environment = View & { database: string; variables: Variables };

export type Stage = (source: Paced<Doc>) => Paced<Doc>;

export function parseStage(stage: Value): [name: string, argument: Value] {
  ensure(stage instanceof Map, 14, "Each element of the 'pipeline' array must be an object");
  ensure(stage.size === 1, 40323, "A pipeline stage specification object must contain exactly one field.");
  return stage.entries().next().value!;
}

export function requirePipeline(value: Value | undefined): Value[] {
  ensure(Array.isArray(value), 2, "'pipeline' option must be specified as an array");
  return value;
}

export function compileStages(stages: Value[], environment: Environment): Stage[] {
  return stages.map((stage) => {
    const [name, argument] = parseStage(stage);
    const compile = STAGES.get(name);
    ensure(compile, 40324, `Unrecognized pipeline stage name: '${name}'`);
    return compile(argument, environment);
  });
}

export function runStages(source: Paced<Doc>, stages: readonly Stage[]): Paced<Doc> {
  return stages.reduce((previous, stage) => stage(previous), source);
}

/** An update given as a pipeline: only stages that turn one document into one. */
export function compileUpdatePipeline(stages: Value[], variables: Variables): Transform {
  const compiled = stages.map((stage) => {
    const [name, argument] = parseStage(stage);
    const compile = TRANSFORMS.get(name);
    ensure(compile, 72, `${name} is not allowed to be used within an update`);
    return compile(argument, { variables });
  });
  return (doc) => compiled.reduce((current, transform) => transform(current), doc);
}

type Transform = (doc: Doc) => Doc;
type CompileTransform = (argument: Value, given: { variables: Variables }) => Transform;

const addFields: CompileTransform = (argument, { variables }) => {
  ensure(argument instanceof Map, 40272, `$addFields must be an object, got ${typeName(argument)}`);
  const fields = flattened(argument, []);
  return (doc) => {
    const result = new Map(doc);
    const scope = rootScope(doc, variables);
    for (const { parts, expression } of fields) setOrRemove(result, parts, expression(scope));
    return result;
  };
};

/** A missing value takes a field away; inside of a document it does nothing. */
function setOrRemove(doc: Doc, parts: readonly string[], value: Value | undefined): void {
  if (value !== undefined) setPath(doc, parts, value);
  else if (parts.length === 1) doc.delete(parts[0]!);
}

/** `{ a: { b: 1 } }` in `$addFields` adds `a.b` and keeps the rest of `a`. */
function flattened(spec: Doc, prefix: string[]): { parts: string[]; expression: Expression }[] {
  return [...spec].flatMap(([key, value]) => {
    ensure(key !== "" && !key.startsWith("$"), 16410, `FieldPath field names may not start with '$': ${key}`);
    const parts = [...prefix, ...key.split(".")];
    const first = value instanceof Map ? value.keys().next().value : undefined;
    if (value instanceof Map && first !== undefined && !first.startsWith("$")) return flattened(value, parts);
    return [{ parts, expression: compileExpression(value) }];
  });
}

const project: CompileTransform = (argument, { variables }) => {
  ensure(argument instanceof Map, 15969, "$project specification must be an object");
  const projection = compileProjection(argument);
  return (doc) => projection(doc, rootScope(doc, variables));
};

const unset: CompileTransform = (argument, given) => {
  const paths = Array.isArray(argument) ? argument : [argument];
  ensure(
    paths.length > 0 && paths.every((path) => typeof path === "string"),
    31120,
    "$unset specification must be a string or an array containing only string values",
  );
  return project(new Map(paths.map((path) => [path, 0])), given);
};

const replaceWith: CompileTransform = (argument, { variables }) => {
  const expression = compileExpression(argument);
  return (doc) => {
    const value = expression(rootScope(doc, variables));
    if (value instanceof Map) return value;
    throw new CommandError(40228, `the new root must be an object, but was of type: '${typeName(value)}'`);
  };
};

const replaceRoot: CompileTransform = (argument, given) => {
  const newRoot = argument instanceof Map ? argument.get("newRoot") : undefined;
  ensure(newRoot !== undefined, 40231, "no newRoot specified for the $replaceRoot stage");
  return replaceWith(newRoot, given);
};

const TRANSFORMS = new Map<string, CompileTransform>([
  ["$addFields", addFields],
  ["$set", addFields],
  ["$project", project],
  ["$unset", unset],
  ["$replaceRoot", replaceRoot],
  ["$replaceWith", replaceWith],
]);

type CompileStage = (argument: Value, environment: Environment) => Stage;

function eachDocument(compile: CompileTransform): CompileStage {
  return (argument, environment) => {
    const transform = compile(argument, environment);
    return function* (source) {
      for (const doc of source) yield doc && transform(doc);
    };
  };
}

const match: CompileStage = (argument, { variables }) => {
  ensure(argument instanceof Map, 15959, "the match filter must be an expression in an object");
  const { test } = compileFilter(argument, exprCompiler(variables));
  return function* (source) {
    for (const doc of source) if (!doc || test(doc)) yield doc;
  };
};

const sortStage: CompileStage = (argument) => {
  const sort = parseSort(argument);
  ensure(sort, 15976, "$sort stage must have at least one sort key");
  return (source) => sorted(source, Infinity, (doc) => sortKey(doc, sort), sizeOf);
};

export function wholeNumber(argument: Value, name: string, min: number): number {
  const count = toNumber(argument);
  ensure(Number.isInteger(count), 5107200, `invalid argument to ${name} stage: Expected an integer`);
  ensure(min !== 1 || count! >= 1, 15958, "the limit must be positive");
  ensure(count! >= min, 5107200, `invalid argument to ${name} stage: Expected a non-negative number`);
  return count!;
}

const skipStage: CompileStage = (argument) => {
  const skip = wholeNumber(argument, "$skip", 0);
  return (source) => cut(source, skip, Infinity);
};

const limitStage: CompileStage = (argument) => {
  const limit = wholeNumber(argument, "$limit", 1);
  return (source) => cut(source, 0, limit);
};

const countStage: CompileStage = (argument) => {
  ensure(
    typeof argument === "string" && argument !== "" && !argument.startsWith("$") && !argument.includes("."),
    40156,
    "the count field must be a non-empty string",
  );
  return function* (source) {
    let count = 0;
    for (const doc of source) {
      if (doc) count++;
      else yield undefined;
    }
    if (count > 0) yield new Map([[argument, count]]);
  };
};

const unwind: CompileStage = (argument) => {
  const options = argument instanceof Map ? argument : new Map<string, Value>([["path", argument]]);
  const path = options.get("path");
  ensure(
    typeof path === "string" && path.startsWith("$"),
    28818,
    "path option to $unwind stage should be prefixed with a '$'",
  );
  const parts = path.slice(1).split(".");
  const keepsEmpty = isTruthy(options.get("preserveNullAndEmptyArrays"));
  const indexField = options.get("includeArrayIndex");
  const read = compileExpression(path);
  const unwound = (doc: Doc, element: Value | undefined, index: bigint | null): Doc => {
    const result = new Map(doc);
    setOrRemove(result, parts, element);
    if (typeof indexField === "string") setPath(result, indexField.split("."), index);
    return result;
  };
  return function* (source) {
    for (const doc of source) {
      const value = doc && read(rootScope(doc));
      if (!doc) yield undefined;
      else if (Array.isArray(value)) {
        for (const [i, element] of value.entries()) {
          yield unwound(doc, element, BigInt(i));
          if (isSliceOver()) yield undefined;
        }
        if (value.length === 0 && keepsEmpty) yield unwound(doc, undefined, null);
      } else if (keepsEmpty || (value !== undefined && value !== null)) yield unwound(doc, value, null);
    }
  };
};

const STAGES = new Map<string, CompileStage>([
  ...[...TRANSFORMS].map(([name, compile]) => [name, eachDocument(compile)] as const),
  ["$match", match],
  ["$sort", sortStage],
  ["$skip", skipStage],
  ["$limit", limitStage],
  ["$count", countStage],
  ["$unwind", unwind],
  ["$group", groupStage],
  ["$lookup", lookupStage],
]);
