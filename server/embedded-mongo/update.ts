import { describeValue } from "./duplicate-key.ts";
import { CommandError, ensure } from "./errors.ts";
import { valuesEqual } from "./key-encoding.ts";
import { compileFilter, matchedPosition } from "./match.ts";
import { splitPath, valueAtPath } from "./paths.ts";
import { OPERATORS } from "./update-operators.ts";
import { type UpdateContext, comparePaths, requireNoConflicts, visitPlaces } from "./update-paths.ts";
import { type Doc, Regex, type Value, copyValue, typeName } from "./values.ts";

/** Changes the document in place, or returns the one that replaces it. */
export type Update = {
  apply: (doc: Doc, query: Doc, isInsert: boolean) => Doc;
  /** The top-level fields that may change; `undefined` when all may. */
  touched: ReadonlySet<string> | undefined;
  isReplacement: boolean;
};

/** Compiles an update given as a pipeline; given by the caller, because stages are a matter of aggregation. */
export type CompilePipeline = (stages: Value[]) => (doc: Doc) => Doc;

type Action = { parts: readonly string[]; run: (doc: Doc, context: UpdateContext) => void };

export function compileUpdate(
  update: Value | undefined,
  arrayFilters: Value | undefined,
  compilePipeline: CompilePipeline,
): Update {
  if (Array.isArray(update)) {
    const run = compilePipeline(update);
    return { apply: (doc) => keepId(doc, run(doc)), touched: undefined, isReplacement: false };
  }
  ensure(update instanceof Map, 9, "Update argument must be either an object or an array");
  const first = update.keys().next().value;
  if (!first?.startsWith("$")) return compileReplacement(update);
  return compileOperators(update, compileArrayFilters(arrayFilters));
}

function compileReplacement(replacement: Doc): Update {
  for (const key of replacement.keys()) if (key.startsWith("$")) throw dollarField(key, key);
  return { apply: (doc) => keepId(doc, replacement), touched: undefined, isReplacement: true };
}

/** The result starts with the `_id` of the document, which never changes. */
function keepId(before: Doc, after: Doc): Doc {
  const id = before.get("_id");
  const given = after.get("_id");
  if (id !== undefined && given !== undefined && !valuesEqual(id, given)) throw immutableId();
  const result: Doc = new Map();
  if (id !== undefined) result.set("_id", id);
  else if (given !== undefined) result.set("_id", given);
  for (const [key, value] of after) if (key !== "_id") result.set(key, value);
  return result;
}

function immutableId(): CommandError {
  return new CommandError(
    66,
    "Performing an update on the path '_id' would modify the immutable field '_id'",
  );
}

function compileArrayFilters(filters: Value | undefined): UpdateContext["arrayFilters"] {
  const compiled: UpdateContext["arrayFilters"] = new Map();
  ensure(filters === undefined || Array.isArray(filters), 14, "arrayFilters must be an array");
  for (const filter of filters ?? []) {
    ensure(filter instanceof Map, 14, "arrayFilters entries must be objects");
    const identifier = identifierOf(filter);
    ensure(!compiled.has(identifier), 9, `Found multiple array filters with the name ${identifier}`);
    const { test } = compileFilter(filter);
    compiled.set(identifier, (element) => test(new Map([[identifier, element]])));
  }
  return compiled;
}

function identifierOf(filter: Doc): string {
  for (const [key, value] of filter) {
    if (!key.startsWith("$")) return key.split(".")[0]!;
    if (Array.isArray(value) && value[0] instanceof Map) return identifierOf(value[0]);
  }
  throw new CommandError(9, "Cannot use an expression without a top-level field name in arrayFilters");
}

function compileOperators(update: Doc, arrayFilters: UpdateContext["arrayFilters"]): Update {
  const actions: Action[] = [];
  const paths: string[] = [];
  for (const [operator, fields] of update) {
    ensure(OPERATORS.has(operator) || operator === "$rename", 9, `Unknown modifier: ${operator}`);
    ensure(
      fields instanceof Map,
      9,
      `Modifiers operate on fields but we found type ${typeName(fields)} instead of {${operator}: {...}}`,
    );
    for (const [path, operand] of fields) {
      requireStorable(path);
      paths.push(path);
      if (operator === "$rename") actions.push(rename(path, operand, paths));
      else actions.push(placeAction(operator, path, operand));
    }
  }
  requireNoConflicts(paths);
  actions.sort((a, b) => comparePaths(a.parts, b.parts));
  for (const identifier of arrayFilters.keys()) {
    const isUsed = paths.some((path) => path.includes(`$[${identifier}]`));
    ensure(isUsed, 9, `The array filter for identifier '${identifier}' was not used in the update`);
  }
  const dollar = paths.find((path) => path.startsWith("$"));
  return {
    apply: (doc, query, isInsert) => {
      // A new document may have such a field; an existing one gets it by a pipeline only.
      if (dollar !== undefined && !isInsert) throw dollarField(dollar.split(".")[0]!, dollar);
      return run(doc, query, isInsert, actions, arrayFilters);
    },
    touched: new Set(paths.map((path) => splitPath(path)[0]!)),
    isReplacement: false,
  };
}

function run(
  doc: Doc,
  query: Doc,
  isInsert: boolean,
  actions: Action[],
  arrayFilters: UpdateContext["arrayFilters"],
): Doc {
  const id = doc.get("_id");
  const positions = new Map<string, number | undefined>();
  const context: UpdateContext = {
    isInsert,
    arrayFilters,
    position: (arrayPath) => {
      if (!positions.has(arrayPath))
        positions.set(arrayPath, isInsert ? undefined : matchedPosition(query, doc, arrayPath));
      return positions.get(arrayPath);
    },
  };
  for (const action of actions) action.run(doc, context);
  if (id !== undefined) {
    const now = doc.get("_id");
    if (now === undefined || !valuesEqual(id, now)) throw immutableId();
  }
  return doc;
}

function requireStorable(path: string): void {
  const parts = splitPath(path);
  ensure(
    !parts.includes(""),
    56,
    `The update path '${path}' contains an empty field name, which is not allowed.`,
  );
  const odd = parts.find((part) => part.startsWith("$[") && !/^\$\[\w*\]$/.test(part));
  if (odd !== undefined) throw dollarField(odd, path);
}

function dollarField(part: string, path: string): CommandError {
  return new CommandError(52, `The dollar ($) prefixed field '${part}' in '${path}' is not allowed here.`);
}

function placeAction(name: string, path: string, operand: Value): Action {
  const operator = OPERATORS.get(name)!;
  const parts = splitPath(path);
  const change = operator.compile(operand, path);
  return {
    parts,
    run: (doc, context) => {
      if (operator.onlyOnInsert && !context.isInsert) return;
      visitPlaces(doc, parts, operator.creates, context, (place) => change(place, doc));
    },
  };
}

function rename(path: string, target: Value, paths: string[]): Action {
  ensure(typeof target === "string", 2, `The 'to' field for $rename must be a string: ${path}`);
  ensure(target !== path, 2, `The source and target field for $rename must differ: ${path}: "${target}"`);
  requireStorable(target);
  ensure(!(path + target).includes("$"), 2, "The source and target field for $rename may not be dynamic");
  paths.push(target);
  const from = splitPath(path);
  const to = splitPath(target);
  return {
    parts: to,
    run: (doc, context) => {
      const value = valueAtPath(doc, from);
      if (value === undefined) return;
      requireNoArray(doc, from);
      requireNoArray(doc, to);
      visitPlaces(doc, from, false, context, (place) => place.remove());
      visitPlaces(doc, to, true, context, (place) => place.set(value));
    },
  };
}

function requireNoArray(doc: Doc, parts: readonly string[]): void {
  for (let i = 1; i < parts.length; i++) {
    if (Array.isArray(valueAtPath(doc, parts.slice(0, i))))
      throw new CommandError(
        2,
        `A field of $rename cannot be an array element: '${parts.join(".")}' in doc with _id: ${describeValue(doc.get("_id"))}`,
      );
  }
}

/** The document an upsert starts from: what the filter says by equality. */
export function upsertBase(query: Doc): Doc {
  const base: Doc = new Map();
  collectEqualities(query, base);
  return base;
}

const NO_CONTEXT: UpdateContext = { isInsert: true, position: () => undefined, arrayFilters: new Map() };

function collectEqualities(query: Doc, base: Doc): void {
  for (const [key, value] of query) {
    if (key === "$and" && Array.isArray(value)) {
      for (const part of value) if (part instanceof Map) collectEqualities(part, base);
    } else if (!key.startsWith("$")) {
      const equal = equalityOf(value);
      if (equal !== undefined)
        visitPlaces(base, splitPath(key), true, NO_CONTEXT, (place) => place.set(copyValue(equal)));
    }
  }
}

function equalityOf(condition: Value): Value | undefined {
  if (condition instanceof Regex) return undefined;
  if (!(condition instanceof Map)) return condition;
  const first = condition.keys().next().value;
  if (!first?.startsWith("$")) return condition;
  const equal = condition.get("$eq");
  if (equal !== undefined) return equal;
  const list = condition.get("$in") ?? condition.get("$all");
  if (Array.isArray(list) && list.length === 1 && !(list[0] instanceof Map) && !(list[0] instanceof Regex))
    return list[0];
  return undefined;
}
