import { CommandError, failedToParse } from "./errors.ts";
import { ARRAY_OPERATORS } from "./expressions-array.ts";
import { DATE_OPERATORS } from "./expressions-date.ts";
import { VALUE_OPERATORS } from "./expressions-value.ts";
import type { Doc, Value } from "./values.ts";

/** What an expression sees: the document, and the variables in force. `undefined` is "missing". */
export type Scope = { root: Value; variables: ReadonlyMap<string, Value | undefined> };
export type Expression = (scope: Scope) => Value | undefined;

/** Builds an operator from its argument; `compile` is for the expressions inside it. */
export type Operator = (argument: Value, name: string) => Expression;

const NO_VARIABLES: ReadonlyMap<string, Value | undefined> = new Map();

export function rootScope(root: Value, variables = NO_VARIABLES): Scope {
  return { root, variables };
}

export function withVariables(scope: Scope, added: Iterable<[string, Value | undefined]>): Scope {
  return { root: scope.root, variables: new Map([...scope.variables, ...added]) };
}

export function compileExpression(value: Value): Expression {
  if (typeof value === "string" && value.startsWith("$"))
    return value.startsWith("$$") ? variable(value.slice(2)) : fieldPath(value.slice(1));
  if (Array.isArray(value)) {
    const elements = value.map(compileExpression);
    return (scope) => elements.map((element) => element(scope) ?? null);
  }
  if (!(value instanceof Map)) return () => value;
  const first = value.keys().next().value;
  if (first?.startsWith("$")) return operator(value, first);
  return objectExpression(value);
}

function fieldPath(path: string): Expression {
  const parts = path.split(".");
  if (parts.some((part) => part === ""))
    throw new CommandError(40353, "FieldPath must not end with a '.' or contain an empty field name.");
  return (scope) => follow(scope.root, parts, 0);
}

function variable(text: string): Expression {
  const [name, ...parts] = text.split(".");
  switch (name) {
    case "ROOT":
    case "CURRENT":
      return (scope) => follow(scope.root, parts, 0);
    case "NOW": {
      const now = new Date();
      return () => now;
    }
    case "REMOVE":
      return () => undefined;
  }
  return (scope) => {
    if (!scope.variables.has(name!)) throw new CommandError(17276, `Use of undefined variable: ${name}`);
    return follow(scope.variables.get(name!), parts, 0);
  };
}

/** Follows a path; through an array it collects what the elements have. */
function follow(value: Value | undefined, parts: readonly string[], from: number): Value | undefined {
  for (let i = from; i < parts.length; i++) {
    if (value instanceof Map) value = value.get(parts[i]!);
    else if (Array.isArray(value)) {
      const found: Value[] = [];
      for (const element of value) {
        const inner =
          element instanceof Map || Array.isArray(element) ? follow(element, parts, i) : undefined;
        if (inner !== undefined) found.push(inner);
      }
      return found;
    } else return undefined;
  }
  return value;
}

function objectExpression(doc: Doc): Expression {
  const fields = [...doc].map(([name, value]) => {
    if (name.includes(".")) throw new CommandError(16412, "FieldPath field names may not contain '.'.");
    return [name, compileExpression(value)] as const;
  });
  return (scope) => {
    const result: Doc = new Map();
    for (const [name, expression] of fields) {
      const value = expression(scope);
      if (value !== undefined) result.set(name, value);
    }
    return result;
  };
}

function operator(doc: Doc, name: string): Expression {
  if (doc.size !== 1)
    throw new CommandError(
      15983,
      `an object representing an expression must have exactly one field, but found ${doc.size}`,
    );
  const build = operatorTable().get(name);
  if (!build) throw new CommandError(168, `Unrecognized expression '${name}'`);
  return build(doc.get(name)!, name);
}

/** The arguments of an operator that takes a list; a single argument may come without brackets. */
export function compileArguments(argument: Value, name: string, min: number, max = min): Expression[] {
  const list = Array.isArray(argument) ? argument : [argument];
  if (list.length < min || list.length > max) {
    throw new CommandError(
      16020,
      `Expression ${name} takes ${min === max ? `exactly ${min}` : `at least ${min}`} arguments. ${list.length} were passed in.`,
    );
  }
  return list.map(compileExpression);
}

/** The named arguments of an operator; a name that it does not have is refused. */
export function compileNamed(
  argument: Value,
  name: string,
  required: string[],
  optional: string[] = [],
): Record<string, Expression | undefined> {
  if (!(argument instanceof Map)) throw failedToParse(`${name} only supports an object as its argument`);
  for (const key of argument.keys()) {
    if (!required.includes(key) && !optional.includes(key))
      throw failedToParse(`Unrecognized argument to ${name}: ${key}`);
  }
  for (const key of required)
    if (!argument.has(key)) throw failedToParse(`Missing '${key}' parameter to ${name}`);
  return Object.fromEntries([...argument].map(([key, value]) => [key, compileExpression(value)]));
}

let table: Map<string, Operator> | undefined;

/** Made at first use: the tables and this file import each other. */
function operatorTable(): Map<string, Operator> {
  table ??= new Map(Object.entries({ ...VALUE_OPERATORS, ...ARRAY_OPERATORS, ...DATE_OPERATORS }));
  return table;
}
