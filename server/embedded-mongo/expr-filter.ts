import { type Variables, compileExpression, rootScope } from "./expressions.ts";
import type { CompileExpr, Term } from "./match.ts";
import { type Doc, type Value, isNullish, isTruthy } from "./values.ts";

/** `$expr` in a filter, with the variables of a `$lookup` or of the command when there are any. */
export function exprCompiler(variables: Variables = new Map()): CompileExpr {
  return (expression) => {
    const compiled = compileExpression(expression);
    return {
      test: (doc) => isTruthy(compiled(rootScope(doc, variables))),
      terms: equalityTerms(expression, variables),
    };
  };
}

/** The variables that a command brings in `let`: constants, each an expression over no document. */
export function variablesOf(given: Doc | undefined): Variables {
  const nothing = rootScope(new Map());
  return new Map([...(given ?? [])].map(([name, value]) => [name, compileExpression(value)(nothing)]));
}

/** `{ $eq: ["$field", <constant>] }` may use an index: it finds more than the expression accepts, never less. */
function equalityTerms(expression: Value, variables: Variables): Term[] {
  if (!(expression instanceof Map) || expression.size !== 1) return [];
  const parts = expression.get("$and");
  if (Array.isArray(parts)) return parts.flatMap((part) => equalityTerms(part, variables));
  const sides = expression.get("$eq");
  if (!Array.isArray(sides) || sides.length !== 2) return [];
  const isField = (side: Value): side is string => typeof side === "string" && /^\$[^$.]+$/.test(side);
  const field = sides.find(isField);
  const value = constantOf(sides[0] === field ? sides[1]! : sides[0]!, variables);
  if (field === undefined || isNullish(value) || Array.isArray(value)) return [];
  return [{ path: field.slice(1), op: "$eq", value }];
}

function constantOf(value: Value, variables: Variables): Value | undefined {
  if (typeof value === "string" && value.startsWith("$$")) return variables.get(value.slice(2));
  if (typeof value === "string" && value.startsWith("$")) return undefined;
  return value instanceof Map || Array.isArray(value) ? undefined : value;
}
