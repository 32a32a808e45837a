import { CommandError, ensure } from "./errors.ts";
import { type Expression, compileExpression, rootScope, type Scope } from "./expressions.ts";
import { compileElement, matchedPosition } from "./match.ts";
import { type Doc, type Value, isTruthy, toNumber, typeName } from "./values.ts";

export type Projection = (doc: Doc, scope?: Scope) => Doc;

type Leaf = { keep: boolean } | { transform: (value: Value, doc: Doc) => Value | undefined };
type Tree = Map<string, Tree | Leaf>;
type Computed = { parts: string[]; expression: Expression };

type Parsed = { tree: Tree; computed: Computed[]; includes: boolean | undefined; id: boolean | undefined };

/**
 * Compiles a projection. `query` is given for a find, where `$slice`, `$elemMatch` and the positional `$`
 * are projections; in `$project` they are not, and everything else is an expression in both.
 */
export function compileProjection(spec: Doc, query?: Doc): Projection {
  if (spec.size === 0 && query) return (doc) => doc;
  ensure(spec.size > 0, 51272, "Invalid $project: a specification must have at least one field");
  const parsed: Parsed = { tree: new Map(), computed: [], includes: undefined, id: undefined };
  parse(spec, [], parsed, query);
  const { tree, computed, id } = parsed;
  const onlyTransforms = parsed.includes === undefined && hasTransform(tree);
  const includes = parsed.includes ?? (onlyTransforms ? false : computed.length > 0 || id === true);
  if (includes) {
    if (id !== false) tree.set("_id", tree.get("_id") ?? { keep: true });
    return (doc, scope) => withComputed(pick(doc, tree, doc, false), computed, scope ?? rootScope(doc));
  }
  if (id === false) tree.set("_id", { keep: false });
  return (doc) => pick(doc, tree, doc, true);
}

function hasTransform(tree: Tree): boolean {
  return [...tree.values()].some((node) => (node instanceof Map ? hasTransform(node) : "transform" in node));
}

function parse(spec: Doc, prefix: string[], parsed: Parsed, query: Doc | undefined): void {
  for (const [key, value] of spec) {
    ensure(key !== "" && !key.startsWith("$"), 16410, `FieldPath field names may not start with '$': ${key}`);
    const parts = [...prefix, ...key.split(".")];
    const path = parts.join(".");
    if (query && key.endsWith(".$")) {
      requireMode(parsed, true, path);
      const arrayPath = path.slice(0, -2);
      place(parsed.tree, parts.slice(0, -1), {
        transform: (array, doc) => positional(array, doc, query, arrayPath),
      });
    } else if (typeof value === "boolean" || toNumber(value) !== undefined) {
      parseSwitch(parsed, parts, path, isTruthy(value));
    } else if (value instanceof Map) parseNested(value, parts, path, parsed, query);
    else addComputed(parsed, parts, path, value);
  }
}

function parseSwitch(parsed: Parsed, parts: string[], path: string, keep: boolean): void {
  if (path === "_id") {
    parsed.id = keep;
    return;
  }
  requireMode(parsed, keep, path);
  place(parsed.tree, parts, { keep });
}

function requireMode(parsed: Parsed, includes: boolean, path: string): void {
  if (parsed.includes === undefined) parsed.includes = includes;
  else if (parsed.includes !== includes) {
    throw includes
      ? new CommandError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
      : new CommandError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
  }
}

function parseNested(
  value: Doc,
  parts: string[],
  path: string,
  parsed: Parsed,
  query: Doc | undefined,
): void {
  const [operator] = value.keys();
  ensure(operator !== undefined, 51270, `An empty sub-projection is not a valid value: ${path}`);
  if (query && operator === "$slice" && !isExpressionSlice(value.get("$slice"))) {
    place(parsed.tree, parts, { transform: sliceOf(value.get("$slice")!) });
  } else if (query && operator === "$elemMatch") {
    requireMode(parsed, true, path);
    const condition = value.get("$elemMatch");
    ensure(condition instanceof Map, 31274, `elemMatch: object required, but got ${typeName(condition)}`);
    const test = compileElement(condition);
    place(parsed.tree, parts, { transform: (array) => firstMatch(array, test) });
  } else {
    ensure(operator !== "$meta", 2, "$meta is not supported");
    if (operator.startsWith("$")) addComputed(parsed, parts, path, value);
    else parse(value, parts, parsed, query);
  }
}

function addComputed(parsed: Parsed, parts: string[], path: string, value: Value): void {
  requireMode(parsed, true, path);
  const expression = compileExpression(value);
  place(parsed.tree, parts, { transform: () => undefined });
  parsed.computed.push({ parts, expression });
}

function place(tree: Tree, parts: string[], leaf: Leaf): void {
  let node = tree;
  for (const [i, part] of parts.entries()) {
    const child = node.get(part);
    if (i === parts.length - 1) {
      if (child) throw new CommandError(31250, `Path collision at ${parts.join(".")}`);
      node.set(part, leaf);
    } else if (child === undefined) {
      const inner: Tree = new Map();
      node.set(part, inner);
      node = inner;
    } else if (child instanceof Map) node = child;
    else throw new CommandError(31249, `Path collision at ${parts.join(".")}`);
  }
}

/** What the tree says nothing about is kept or not, as `keepsRest` says. */
function pick(doc: Doc, tree: Tree, root: Doc, keepsRest: boolean): Doc {
  const out: Doc = new Map();
  for (const [key, value] of doc) {
    const node = tree.get(key);
    let kept: Value | undefined;
    if (!node) kept = keepsRest ? value : undefined;
    else if (node instanceof Map) kept = pickNested(value, node, root, keepsRest);
    else if ("transform" in node) kept = node.transform(value, root);
    else kept = node.keep ? value : undefined;
    if (kept !== undefined) out.set(key, kept);
  }
  return out;
}

function pickNested(value: Value, tree: Tree, root: Doc, keepsRest: boolean): Value | undefined {
  if (value instanceof Map) return pick(value, tree, root, keepsRest);
  if (!Array.isArray(value)) return keepsRest ? value : undefined;
  return value.flatMap((element) => {
    const kept = pickNested(element, tree, root, keepsRest);
    return kept === undefined ? [] : [kept];
  });
}

function withComputed(out: Doc, computed: Computed[], scope: Scope): Doc {
  for (const { parts, expression } of computed) {
    const value = expression(scope);
    if (value !== undefined) setPath(out, parts, value);
    else if (parts.length === 1) out.delete(parts[0]!);
  }
  return out;
}

/** Sets a field as `$addFields` does: documents on the way are made, and arrays are entered. */
export function setPath(doc: Doc, parts: readonly string[], value: Value): void {
  const [first, ...rest] = parts;
  if (rest.length === 0) {
    doc.set(first!, value);
    return;
  }
  doc.set(first!, withPath(doc.get(first!), rest, value));
}

function withPath(current: Value | undefined, parts: readonly string[], value: Value): Value {
  if (Array.isArray(current)) return current.map((element) => withPath(element, parts, value));
  const copy: Doc = current instanceof Map ? new Map(current) : new Map<string, Value>();
  setPath(copy, parts, value);
  return copy;
}

function firstMatch(array: Value, test: (element: Value) => boolean): Value | undefined {
  if (!Array.isArray(array)) return undefined;
  const found = array.find(test);
  return found === undefined ? undefined : [found];
}

function positional(array: Value, doc: Doc, query: Doc, arrayPath: string): Value {
  if (!Array.isArray(array)) return array;
  const position = matchedPosition(query, doc, arrayPath);
  if (position === undefined)
    throw new CommandError(51246, "positional operator '.$' couldn't find a matching element in the array");
  return [array[position] ?? null];
}

function isExpressionSlice(argument: Value | undefined): boolean {
  return Array.isArray(argument) && toNumber(argument[0]) === undefined;
}

function sliceOf(argument: Value): (value: Value) => Value {
  const [first, second] = (Array.isArray(argument) ? argument : [argument]).map(toNumber);
  ensure(first !== undefined, 28667, "Invalid $slice syntax. It did not match the find() syntax");
  return (value) => {
    if (!Array.isArray(value)) return value;
    if (second === undefined) return first >= 0 ? value.slice(0, first) : value.slice(first);
    const start = first < 0 ? Math.max(0, value.length + first) : first;
    return value.slice(start, start + second);
  };
}
