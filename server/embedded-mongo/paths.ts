import type { Doc, Value } from "./values.ts";

const splitPaths = new Map<string, readonly string[]>();

export function splitPath(path: string): readonly string[] {
  let parts = splitPaths.get(path);
  if (!parts) {
    parts = path.split(".");
    if (splitPaths.size > 5000) splitPaths.clear();
    splitPaths.set(path, parts);
  }
  return parts;
}

export function isArrayIndex(part: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(part);
}

/**
 * Offers the values that a filter on `parts` sees, until `test` accepts one. Arrays on the way are entered;
 * an array at the end is offered element by element and then whole, or only whole without `expandLeaf`.
 */
export function someAtPath(
  doc: Doc,
  parts: readonly string[],
  expandLeaf: boolean,
  test: (value: Value | undefined) => boolean,
): boolean {
  const inDocument = (inner: Doc, i: number): boolean => inValue(inner.get(parts[i]!), i + 1);
  const inValue = (value: Value | undefined, i: number): boolean => {
    if (i === parts.length) return (expandLeaf && Array.isArray(value) && value.some(test)) || test(value);
    if (value instanceof Map) return inDocument(value, i);
    // A scalar inside an array has no field to be missing, so only here it counts as "missing".
    if (!Array.isArray(value)) return test(undefined);
    if (value.some((element) => element instanceof Map && inDocument(element, i))) return true;
    const part = parts[i]!;
    if (!isArrayIndex(part) || Number(part) >= value.length) return false;
    const element = value[Number(part)]!;
    if (i + 1 === parts.length) return test(element);
    return (element instanceof Map || Array.isArray(element)) && inValue(element, i + 1);
  };
  return inDocument(doc, 0);
}

/** The value at a path, entering documents only: what updates and E11000 messages mean by a path. */
export function valueAtPath(doc: Doc, parts: readonly string[]): Value | undefined {
  let value: Value | undefined = doc;
  for (const part of parts) {
    if (value instanceof Map) value = value.get(part);
    else if (Array.isArray(value) && isArrayIndex(part)) value = value[Number(part)];
    else return undefined;
  }
  return value;
}

/**
 * What an index on the path stores: the leaf values, with array elements one by one. `undefined` stands
 * for missing. Returns whether an array was met, because an index that saw one has several keys per document.
 */
export function collectIndexValues(
  value: Value | undefined,
  parts: readonly string[],
  into: (Value | undefined)[],
  emptyArray: Value,
  i = 0,
): boolean {
  const isLeaf = i === parts.length;
  if (!Array.isArray(value)) {
    if (value instanceof Map && !isLeaf)
      return collectIndexValues(value.get(parts[i]!), parts, into, emptyArray, i + 1);
    into.push(isLeaf ? value : undefined);
    return false;
  }
  if (isLeaf) into.push(...(value.length > 0 ? value : [emptyArray]));
  else if (isArrayIndex(parts[i]!))
    collectIndexValues(value[Number(parts[i])], parts, into, emptyArray, i + 1);
  else if (value.length === 0) into.push(undefined);
  else {
    for (const element of value) {
      if (element instanceof Map) collectIndexValues(element, parts, into, emptyArray, i);
      else into.push(undefined);
    }
  }
  return true;
}
