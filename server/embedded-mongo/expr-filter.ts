import { compileExpression, rootScope } from "./expressions.ts";
import type { CompileExpr, Term } from "./match.ts";
import { type Doc, type Value, isTruthy } from "./values.ts";

/** `$expr` in a filter, with the variables of a `$lookup` when there are any. */
export function exprCompiler(
  variables: ReadonlyMap<string, Value | undefined> = new Map<string, Value | undefined>(),
): CompileExpr {
  return (expression) => {
    const compiled = compileExpression(expression);
    return {
      test: (doc) => isTruthy(compiled(rootScope(doc, variables))),
      terms: equalityTerms(expression, variables),
    };
  };
}

/** The variables that a command brings in `let`: constants, each an expression over no document. */
export function variablesOf(given: Doc | undefined): ReadonlyMap<string, Value | undefined> {
  const variables = new Map<string, Value | undefined>();
  const nothing = rootScope(new Map());
  for (const [name, value] of given ?? []) variables.set(name, compileExpression(value)(nothing));
  return variables;
}

/** `{ $eq: ["$field", <constant>] }` may use an index: it finds more than the expression accepts, never less. */
function equalityTerms(expression: Value, variables: ReadonlyMap<string, Value | undefined>): Term[] {
  if (!(expression instanceof Map) || expression.size !== 1) return [];
  const parts = expression.get("$and");
  if (Array.isArray(parts)) return parts.flatMap((part) => equalityTerms(part, variables));
  const sides = expression.get("$eq");
  if (!Array.isArray(sides) || sides.length !== 2) return [];
  const field = sides.find((side) => typeof side === "string" && /^\$[^$.]+$/.test(side)) as
    string | undefined;
  const other = sides[0] === field ? sides[1] : sides[0];
  if (field === undefined || other === undefined) return [];
  const value = constantOf(other, variables);
  if (value === undefined || value === null || Array.isArray(value)) return [];
  return [{ path: field.slice(1), op: "$eq", value }];
}

function constantOf(value: Value, variables: ReadonlyMap<string, Value | undefined>): Value | undefined {
  if (typeof value === "string" && value.startsWith("$$")) return variables.get(value.slice(2));
  if (typeof value === "string" && value.startsWith("$")) return undefined;
  return value instanceof Map || Array.isArray(value) ? undefined : value;
}
