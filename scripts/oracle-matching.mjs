// How the specifications compare what they expect with what came: extra fields are fine at the root of a document only.

/** Returns what differs, or undefined. */
export function difference(expected, actual, entities, isRoot = true, path = "") {
  const at = path || "value";
  if (isSpecial(expected)) return specialDifference(expected, actual, entities, path);
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${at} is not an array`;
    if (actual.length !== expected.length)
      return `${at} has ${actual.length} elements instead of ${expected.length}`;
    return first(expected.map((one, i) => difference(one, actual[i], entities, isRoot, `${path}[${i}]`)));
  }
  if (isPlain(expected)) {
    if (typeof actual !== "object" || actual === null)
      return `${at} is ${show(actual)} instead of a document`;
    const found = actual instanceof Map ? Object.fromEntries(actual) : actual;
    const keys = Object.keys(expected);
    const extra = isRoot
      ? []
      : Object.keys(found).filter((key) => found[key] !== undefined && !keys.includes(key));
    if (extra.length > 0)
      return `${at} has the unexpected fields ${extra.map((key) => `${key}: ${show(found[key])}`).join(", ")}`;
    return first(keys.map((key) => difference(expected[key], found[key], entities, false, `${path}.${key}`)));
  }
  const numbers = [numberOf(expected), numberOf(actual)];
  if (numbers[0] !== undefined && numbers[0] === numbers[1]) return undefined;
  return show(expected) === show(actual)
    ? undefined
    : `${at} is ${show(actual)} instead of ${show(expected)}`;
}

function first(differences) {
  return differences.find((one) => one !== undefined);
}

function isPlain(value) {
  return typeof value === "object" && value !== null && !value._bsontype && !(value instanceof Date);
}

function isSpecial(value) {
  return isPlain(value) && Object.keys(value).length === 1 && Object.keys(value)[0].startsWith("$$");
}

function numberOf(value) {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return ["Int32", "Double", "Long"].includes(value?._bsontype) ? Number(value.toString()) : undefined;
}

export function show(value) {
  return (
    JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner)) ?? "missing"
  );
}

function specialDifference(expected, actual, entities, path) {
  const [[operator, operand]] = Object.entries(expected);
  switch (operator) {
    case "$$exists":
      return (actual !== undefined) === operand ? undefined : `${path} is ${operand ? "missing" : "there"}`;
    case "$$unsetOrMatches":
      return actual === undefined || actual === null
        ? undefined
        : difference(operand, actual, entities, true, path);
    case "$$type":
      return [operand].flat().some((type) => hasType(actual, type))
        ? undefined
        : `${path} is no ${show(operand)}: ${show(actual)}`;
    case "$$sessionLsid":
      return difference(entities.get(operand).id, actual, entities, false, path);
    case "$$matchesEntity":
      return difference(entities.get(operand), actual, entities, false, path);
  }
  throw new Error(`unknown comparison ${operator}`);
}

function hasType(value, type) {
  if (type === "int" || type === "long")
    return numberOf(value) !== undefined && Number.isInteger(numberOf(value));
  if (type === "double") return numberOf(value) !== undefined;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isPlain(value);
  if (type === "bool") return typeof value === "boolean";
  if (type === "date") return value instanceof Date;
  if (type === "binData") return value?._bsontype === "Binary";
  return typeof value === type || value?._bsontype?.toLowerCase() === type.toLowerCase();
}
