import { parseStage } from "./pipeline.ts";
import type { Sort } from "./sort.ts";
import type { Doc, Value } from "./values.ts";

/**
 * The top-level fields that an aggregation looks at, when it begins with a group: of large documents only
 * these have to be decoded. `undefined` when it may look at all.
 */
export function neededFields(
  filter: Doc,
  sort: Sort | undefined,
  rest: Value[],
): ReadonlySet<string> | undefined {
  if (rest[0] === undefined) return undefined;
  const [name, argument] = parseStage(rest[0]);
  const fields = new Set<string>(sort?.map(({ parts }) => parts[0]!));
  const isKnown = name === "$group" && addOfFilter(filter, fields) && addOfExpression(argument, fields);
  return isKnown ? fields : undefined;
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
