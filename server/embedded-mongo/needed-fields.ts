import { parseStage } from "./pipeline.ts";
import type { Sort } from "./sort.ts";
import type { Doc, Value } from "./values.ts";

/**
 * The top-level fields that finding and sorting look at: of large documents only these have to be decoded.
 * `undefined` when they may look at all.
 */
export function fieldsOfQuery(filter: Doc, sort: Sort | undefined): Set<string> | undefined {
  const fields = new Set<string>(sort?.map(({ parts }) => parts[0]!));
  return addOfFilter(filter, fields) ? fields : undefined;
}

/** Likewise for an aggregation: known when it ends with what it found, or goes on with a group. */
export function fieldsOfAggregation(
  filter: Doc,
  sort: Sort | undefined,
  rest: Value[],
): ReadonlySet<string> | undefined {
  const fields = fieldsOfQuery(filter, sort);
  if (!fields || rest[0] === undefined) return fields;
  const [name, argument] = parseStage(rest[0]);
  return name === "$group" && addOfExpression(argument, fields) ? fields : undefined;
}

/** Returns whether the fields are known. */
function addOfFilter(filter: Doc, fields: Set<string>): boolean {
  return [...filter].every(([key, value]) => {
    if (key === "$expr") return addOfExpression(value, fields);
    if (key === "$and" || key === "$or" || key === "$nor")
      return Array.isArray(value) && value.every((part) => part instanceof Map && addOfFilter(part, fields));
    if (!key.startsWith("$")) fields.add(key.split(".")[0]!);
    return true;
  });
}

function addOfExpression(expression: Value, fields: Set<string>): boolean {
  if (typeof expression === "string" && expression.startsWith("$")) {
    if (/^\$\$(ROOT|CURRENT)/.test(expression)) return false;
    if (!expression.startsWith("$$")) fields.add(expression.slice(1).split(".")[0]!);
    return true;
  }
  const inner = expression instanceof Map ? [...expression.values()] : expression;
  return !Array.isArray(inner) || inner.every((part) => addOfExpression(part, fields));
}
