import { add, multiply, type Numeric } from "./arithmetic.ts";
import { describeValue } from "./duplicate-key.ts";
import { CommandError, badValue, failedToParse, typeMismatch } from "./errors.ts";
import { compareValues, valuesEqual } from "./key-encoding.ts";
import { compileElement, compileFilter, matchedPosition } from "./match.ts";
import { splitPath, valueAtPath } from "./paths.ts";
import { pushInto } from "./update-push.ts";
import {
  type Place,
  type UpdateContext,
  comparePaths,
  requireNoConflicts,
  visitPlaces,
} from "./update-paths.ts";
import { type Doc, Regex, Stamp, type Value, copyValue, isNumeric, toNumber, typeName } from "./values.ts";

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
  if (!(update instanceof Map)) throw failedToParse("Update argument must be either an object or an array");
  const first = update.keys().next().value;
  if (!first?.startsWith("$")) return compileReplacement(update);
  return compileOperators(update, compileArrayFilters(arrayFilters));
}

function compileReplacement(replacement: Doc): Update {
  for (const key of replacement.keys()) {
    if (key.startsWith("$"))
      throw new CommandError(
        52,
        `The dollar ($) prefixed field '${key}' in '${key}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      );
  }
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

function compileArrayFilters(filters: Value | undefined): Map<string, (element: Value) => boolean> {
  const compiled = new Map<string, (element: Value) => boolean>();
  if (filters === undefined) return compiled;
  if (!Array.isArray(filters)) throw typeMismatch("arrayFilters must be an array");
  for (const filter of filters) {
    if (!(filter instanceof Map)) throw typeMismatch("arrayFilters entries must be objects");
    const identifier = identifierOf(filter);
    if (compiled.has(identifier))
      throw failedToParse(`Found multiple array filters with the same top-level field name ${identifier}`);
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
  throw failedToParse("Cannot use an expression without a top-level field name in arrayFilters");
}

function compileOperators(update: Doc, arrayFilters: UpdateContext["arrayFilters"]): Update {
  const actions: Action[] = [];
  const paths: string[] = [];
  for (const [operator, fields] of update) {
    if (!(operator in OPERATORS) && operator !== "$rename") {
      throw failedToParse(
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!(fields instanceof Map)) {
      throw failedToParse(
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${describeValue(fields)}}`,
      );
    }
    for (const [path, operand] of fields) {
      requireStorable(path);
      paths.push(path);
      if (operator === "$rename") actions.push(...rename(path, operand, paths));
      else actions.push(placeAction(OPERATORS[operator]!, path, operand));
    }
  }
  requireNoConflicts(paths);
  actions.sort((a, b) => comparePaths(a.parts, b.parts));
  for (const identifier of arrayFilters.keys()) {
    if (!paths.some((path) => path.includes(`$[${identifier}]`))) {
      throw failedToParse(
        `The array filter for identifier '${identifier}' was not used in the update ${describeValue(update)}`,
      );
    }
  }
  const dollar = paths.find((path) => path.startsWith("$"));
  const touched = new Set(paths.map((path) => splitPath(path)[0]!));
  return {
    apply: (doc, query, isInsert) => {
      // A new document may have such a field; an existing one gets it by a pipeline only.
      if (dollar !== undefined && !isInsert) throw dollarField(dollar.split(".")[0]!, dollar);
      return run(doc, query, isInsert, actions, arrayFilters);
    },
    touched,
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
  if (path === "") throw new CommandError(56, "An empty update path is not valid.");
  for (const part of splitPath(path)) {
    if (part === "")
      throw new CommandError(
        56,
        `The update path '${path}' contains an empty field name, which is not allowed.`,
      );
    if (part.startsWith("$[") && !/^\$\[\w*\]$/.test(part)) throw dollarField(part, path);
  }
}

function dollarField(part: string, path: string): CommandError {
  return new CommandError(
    52,
    `The dollar ($) prefixed field '${part}' in '${path}' is not allowed in the context of an update.`,
  );
}

type Operator = {
  /** Whether the path is created when it is missing. */
  creates: boolean;
  onlyOnInsert?: boolean;
  compile: (operand: Value, path: string) => (place: Place, doc: Doc) => void;
};

function placeAction(operator: Operator, path: string, operand: Value): Action {
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

const OPERATORS: Record<string, Operator> = {
  $set: { creates: true, compile: (operand) => (place) => place.set(copyValue(operand)) },
  $setOnInsert: {
    creates: true,
    onlyOnInsert: true,
    compile: (operand) => (place) => place.set(copyValue(operand)),
  },
  $unset: { creates: false, compile: () => (place) => place.remove() },
  $inc: { creates: true, compile: (operand, path) => calculate("$inc", "increment", path, operand, add) },
  $mul: { creates: true, compile: (operand, path) => calculate("$mul", "multiply", path, operand, multiply) },
  $min: { creates: true, compile: (operand) => (place) => replaceWhen(place, operand, (order) => order < 0) },
  $max: { creates: true, compile: (operand) => (place) => replaceWhen(place, operand, (order) => order > 0) },
  $currentDate: { creates: true, compile: (operand) => (place) => place.set(currentDate(operand)) },
  $push: { creates: true, compile: (operand, path) => (place, doc) => pushInto(place, operand, path, doc) },
  $addToSet: {
    creates: true,
    compile: (operand, path) => (place) => addToSet(place, operand, path),
  },
  $pull: { creates: false, compile: (operand) => pull(pullTest(operand), "$pull") },
  $pullAll: {
    creates: false,
    compile: (operand) => {
      if (!Array.isArray(operand))
        throw badValue(`$pullAll requires an array argument but was given a ${typeName(operand)}`);
      return pull((element) => operand.some((value) => valuesEqual(value, element)), "$pullAll");
    },
  },
  $pop: { creates: false, compile: pop },
};

function calculate(
  operator: string,
  verb: string,
  path: string,
  operand: Value,
  combine: (a: Numeric, b: Numeric) => Numeric | undefined,
) {
  if (!isNumeric(operand))
    throw typeMismatch(`Cannot ${verb} with non-numeric argument: {${path}: ${describeValue(operand)}}`);
  return (place: Place, doc: Doc) => {
    const current = place.get();
    if (current === undefined) {
      // A missing field counts as zero of the operand's type.
      place.set(operator === "$inc" ? operand : combine(operand, 0)!);
      return;
    }
    if (!isNumeric(current)) {
      throw typeMismatch(
        `Cannot apply ${operator} to a value of non-numeric type. {_id: ${describeValue(doc.get("_id"))}} has the field '${path.split(".").at(-1)}' of non-numeric type ${typeName(current)}`,
      );
    }
    const result = combine(current, operand);
    if (result === undefined)
      throw badValue(
        `Failed to apply ${operator} operations to current value (${describeValue(current)}) for document {_id: ${describeValue(doc.get("_id"))}}`,
      );
    place.set(result);
  };
}

function replaceWhen(place: Place, operand: Value, accepts: (order: number) => boolean): void {
  const current = place.get();
  if (current === undefined || accepts(compareValues(operand, current))) place.set(copyValue(operand));
}

function currentDate(operand: Value): Value {
  const type = operand instanceof Map ? operand.get("$type") : operand;
  if (typeof type === "boolean" || type === "date") return new Date();
  if (type === "timestamp") return new Stamp((BigInt(Math.floor(Date.now() / 1000)) << 32n) | 1n);
  throw badValue(
    "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
  );
}

function addToSet(place: Place, operand: Value, path: string): void {
  const current = place.get();
  if (current !== undefined && !Array.isArray(current)) {
    throw badValue(
      `Cannot apply $addToSet to non-array field. Field named '${path.split(".").at(-1)}' has non-array type ${typeName(current)}`,
    );
  }
  const each = operand instanceof Map && operand.has("$each") ? operand.get("$each") : undefined;
  if (each !== undefined && !Array.isArray(each))
    throw typeMismatch(
      `The argument to $each in $addToSet must be an array but it was of type ${typeName(each)}`,
    );
  const array = current ?? [];
  for (const value of each ?? [operand]) {
    if (!array.some((element) => valuesEqual(element, value))) array.push(copyValue(value));
  }
  place.set(array);
}

function pullTest(operand: Value): (element: Value) => boolean {
  if (operand instanceof Map) return compileElement(operand);
  if (operand instanceof Regex) return compileElement(new Map([["$regex", operand]]));
  return (element) => valuesEqual(element, operand);
}

function pull(test: (element: Value) => boolean, operator: string) {
  return (place: Place) => {
    const current = place.get();
    if (current === undefined) return;
    if (!Array.isArray(current)) throw badValue(`Cannot apply ${operator} to a non-array value`);
    place.set(current.filter((element) => !test(element)));
  };
}

function pop(operand: Value, path: string) {
  const side = toNumber(operand);
  if (side !== 1 && side !== -1)
    throw failedToParse(`$pop expects 1 or -1, found: ${describeValue(operand)}`);
  return (place: Place) => {
    const current = place.get();
    if (current === undefined) return;
    if (!Array.isArray(current))
      throw typeMismatch(`Path '${path}' contains an element of non-array type '${typeName(current)}'`);
    place.set(side === 1 ? current.slice(0, -1) : current.slice(1));
  };
}

function rename(path: string, target: Value, paths: string[]): Action[] {
  if (typeof target !== "string")
    throw badValue(`The 'to' field for $rename must be a string: ${path}: ${describeValue(target)}`);
  if (target === path)
    throw badValue(`The source and target field for $rename must differ: ${path}: "${target}"`);
  requireStorable(target);
  if (/\$/.test(path + target)) throw badValue("The source and target field for $rename may not be dynamic");
  paths.push(target);
  const from = splitPath(path);
  const to = splitPath(target);
  return [
    {
      parts: to,
      run: (doc, context) => {
        const value = valueAtPath(doc, from);
        if (value === undefined) return;
        requireNoArray(doc, from, "source");
        requireNoArray(doc, to, "destination");
        visitPlaces(doc, from, false, context, (place) => place.remove());
        visitPlaces(doc, to, true, context, (place) => place.set(value));
      },
    },
  ];
}

function requireNoArray(doc: Doc, parts: readonly string[], name: string): void {
  for (let i = 1; i < parts.length; i++) {
    if (Array.isArray(valueAtPath(doc, parts.slice(0, i))))
      throw badValue(
        `The ${name} field cannot be an array element, '${parts.join(".")}' in doc with _id: ${describeValue(doc.get("_id"))} has an array field called '${parts[i - 1]}'`,
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
