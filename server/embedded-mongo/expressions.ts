import { CommandError, ensure } from "./errors.ts";
import { OPERATORS } from "./expression-operators.ts";
import type { Doc, Value } from "./values.ts";

/** What an expression sees: the document, and the variables in force. `undefined` is "missing". */
export type Scope = { root: Value; variables: Variables };
export type Variables = ReadonlyMap<string, Value | undefined>;
export type Expression = (scope: Scope) => Value | undefined;

/** Builds an operator from its argument. */
export type Operator = (argument: Value, name: string) => Expression;

const NO_VARIABLES: Variables = new Map();

export function rootScope(root: Value, variables = NO_VARIABLES): Scope {
  return { root, variables };
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
  return first?.startsWith("$") ? operator(value, first) : objectExpression(value);
}

function fieldPath(path: string): Expression {
  const parts = path.split(".");
  ensure(!parts.includes(""), 40353, "FieldPath must not end with a '.' or contain an empty field name.");
  return (scope) => follow(scope.root, parts, 0);
}

function variable(text: string): Expression {
  const [name, ...parts] = text.split(".");
  if (name === "ROOT" || name === "CURRENT") return (scope) => follow(scope.root, parts, 0);
  if (name === "REMOVE") return () => undefined;
  if (name === "NOW") {
    const now = new Date();
    return () => now;
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
      return value.flatMap((element) => {
        const inner =
          element instanceof Map || Array.isArray(element) ? follow(element, parts, i) : undefined;
        return inner === undefined ? [] : [inner];
      });
    } else return undefined;
  }
  return value;
}

function objectExpression(doc: Doc): Expression {
  const fields = [...doc].map(([name, value]) => {
    ensure(!name.includes("."), 16412, "FieldPath field names may not contain '.'.");
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
  ensure(doc.size === 1, 15983, `an expression must have exactly one field, but found ${doc.size}`);
  const build = OPERATORS.get(name);
  ensure(build, 168, `Unrecognized expression '${name}'`);
  return build(doc.get(name)!, name);
}

/** The arguments of an operator that takes a list; a single argument may come without brackets. */
export function compileArguments(argument: Value, name: string, min: number, max = min): Expression[] {
  const list = Array.isArray(argument) ? argument : [argument];
  const wanted = min === max ? `exactly ${min}` : `at least ${min}`;
  ensure(
    list.length >= min && list.length <= max,
    16020,
    `Expression ${name} takes ${wanted} arguments. ${list.length} were passed in.`,
  );
  return list.map(compileExpression);
}

/** The named arguments of an operator; a name that it does not have is refused. */
export function compileNamed<Name extends string, Option extends string = never>(
  argument: Value,
  name: string,
  required: readonly Name[],
  optional: readonly Option[] = [],
): Record<Name, Expression> & Partial<Record<Option, Expression>> {
  ensure(argument instanceof Map, 9, `${name} only supports an object as its argument`);
  const known: readonly string[] = [...required, ...optional];
  for (const key of argument.keys())
    ensure(known.includes(key), 9, `Unrecognized argument to ${name}: ${key}`);
  for (const key of required) ensure(argument.has(key), 9, `Missing '${key}' parameter to ${name}`);
  return Object.fromEntries([...argument].map(([key, value]) => [key, compileExpression(value)])) as Record<
    Name,
    Expression
  > &
    Partial<Record<Option, Expression>>;
}
