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
  return someInDocument(doc, parts, 0, expandLeaf, test);
}

function someInDocument(
  doc: Doc,
  parts: readonly string[],
  i: number,
  expandLeaf: boolean,
  test: (value: Value | undefined) => boolean,
): boolean {
  return someInValue(doc.get(parts[i]!), parts, i + 1, expandLeaf, test);
}

function someInValue(
  value: Value | undefined,
  parts: readonly string[],
  i: number,
  expandLeaf: boolean,
  test: (value: Value | undefined) => boolean,
): boolean {
  if (i === parts.length) {
    if (expandLeaf && Array.isArray(value) && value.some(test)) return true;
    return test(value);
  }
  if (value instanceof Map) return someInDocument(value, parts, i, expandLeaf, test);
  // A scalar inside an array has no field to be missing, so only here it counts as "missing".
  if (!Array.isArray(value)) return test(undefined);
  for (const element of value) {
    if (element instanceof Map && someInDocument(element, parts, i, expandLeaf, test)) return true;
  }
  const part = parts[i]!;
  if (!isArrayIndex(part) || Number(part) >= value.length) return false;
  const element = value[Number(part)]!;
  if (i + 1 === parts.length) return test(element);
  return element instanceof Map || Array.isArray(element)
    ? someInValue(element, parts, i + 1, expandLeaf, test)
    : false;
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
  doc: Doc,
  parts: readonly string[],
  into: (Value | undefined)[],
  emptyArray: Value,
): boolean {
  return collectFrom(doc, parts, 0, into, emptyArray);
}

function collectFrom(
  value: Value | undefined,
  parts: readonly string[],
  i: number,
  into: (Value | undefined)[],
  emptyArray: Value,
): boolean {
  if (Array.isArray(value)) {
    if (i === parts.length) {
      if (value.length === 0) into.push(emptyArray);
      else into.push(...value);
      return true;
    }
    const part = parts[i]!;
    if (isArrayIndex(part)) {
      collectFrom(value[Number(part)], parts, i + 1, into, emptyArray);
      return true;
    }
    if (value.length === 0) into.push(undefined);
    for (const element of value) {
      if (element instanceof Map) collectFrom(element, parts, i, into, emptyArray);
      else into.push(undefined);
    }
    return true;
  }
  if (i === parts.length) {
    into.push(value);
    return false;
  }
  if (!(value instanceof Map)) {
    into.push(undefined);
    return false;
  }
  return collectFrom(value.get(parts[i]!), parts, i + 1, into, emptyArray);
}
