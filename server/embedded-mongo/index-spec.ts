import { ensure } from "./errors.ts";
import { compileFilter } from "./match.ts";
import { type Doc, type Value, isTruthy, toNumber, typeName } from "./values.ts";

const OPTIONS = new Set(
  "key name unique sparse partialFilterExpression expireAfterSeconds background v collation ns".split(" "),
);
const PARTIAL_OPERATORS = new Set("$eq $exists $gt $gte $lt $lte $type $and $in $or".split(" "));

/** The definition of an index as it is stored, if it is one that we can serve. */
export function checkedSpec(spec: Value): Doc {
  ensure(spec instanceof Map, 14, "The elements of the 'indexes' array must be objects");
  const key = spec.get("key");
  const name = spec.get("name");
  ensure(key instanceof Map && key.size > 0, 67, "Index keys cannot be an empty object.");
  ensure(key.size <= 30, 67, "Index key pattern is too large");
  ensure(typeof name === "string" && name !== "", 9, "The 'name' field is required for an index");
  for (const [path, direction] of key) requireSupportedField(path, direction);
  for (const option of spec.keys())
    ensure(OPTIONS.has(option), 197, `The field '${option}' is not valid for an index specification.`);
  requireSupportedPartial(spec);
  requireSupportedExpiry(spec.get("expireAfterSeconds"), key);
  const collation = spec.get("collation");
  const isSimple = !(collation instanceof Map) || collation.get("locale") === "simple";
  ensure(isSimple, 238, "Collation is not supported by this server");
  const result: Doc = new Map<string, Value>([
    ["v", 2],
    ["key", key],
    ["name", name],
  ]);
  for (const option of ["unique", "sparse"]) if (isTruthy(spec.get(option))) result.set(option, true);
  for (const option of ["partialFilterExpression", "expireAfterSeconds"]) {
    const value = spec.get(option);
    if (value !== undefined) result.set(option, value);
  }
  return result;
}

function requireSupportedField(path: string, direction: Value): void {
  ensure(typeof direction !== "string", 67, `Unknown or unsupported kind of index on '${path}'`);
  const type = typeName(direction);
  ensure(toNumber(direction), 67, `Values in v:2 index key pattern cannot be of type ${type} or 0.`);
  const parts = path.split(".");
  ensure(!parts.includes(""), 67, "Index keys cannot contain an empty field.");
  ensure(
    !parts.some((part) => part.startsWith("$")),
    67,
    `Index key contains an illegal field name: field name starts with '$'. (${path})`,
  );
}

function requireSupportedPartial(spec: Doc): void {
  const partial = spec.get("partialFilterExpression");
  if (partial === undefined) return;
  ensure(partial instanceof Map, 14, "Field 'partialFilterExpression' must be an object");
  requirePartialOperators(partial);
  compileFilter(partial);
  ensure(!isTruthy(spec.get("sparse")), 67, 'cannot mix "partialFilterExpression" and "sparse" options');
}

function requirePartialOperators(query: Doc): void {
  for (const [key, value] of query) {
    const isSupported = !key.startsWith("$") || PARTIAL_OPERATORS.has(key);
    ensure(isSupported, 67, `Expression not supported in partial index: ${key}`);
    for (const part of Array.isArray(value) ? value : [value])
      if (part instanceof Map) requirePartialOperators(part);
  }
}

function requireSupportedExpiry(expires: Value | undefined, key: Doc): void {
  if (expires === undefined) return;
  const seconds = toNumber(expires) ?? NaN;
  ensure(
    seconds >= 0 && seconds <= 2 ** 31 - 1,
    67,
    "TTL index 'expireAfterSeconds' option must be within the range 0 to 2147483647",
  );
  ensure(key.size === 1 && !key.has("_id"), 67, "TTL indexes are indexes on a single field other than _id.");
}
