import { CommandError, badValue } from "./errors.ts";
import { describeValue } from "./duplicate-key.ts";
import { isArrayIndex } from "./paths.ts";
import type { Doc, Value } from "./values.ts";

/** What an update needs to know about the document it is applied to. */
export type UpdateContext = {
  isInsert: boolean;
  /** The array element that the filter matched, for `$`. */
  position: (arrayPath: string) => number | undefined;
  arrayFilters: Map<string, (element: Value) => boolean>;
};

/** One place in a document: a field, or an element of an array. */
export type Place = {
  get: () => Value | undefined;
  set: (value: Value) => void;
  remove: () => void;
};

const MAX_PADDING = 1_500_000;

function fieldPlace(container: Doc, name: string): Place {
  return {
    get: () => container.get(name),
    set: (value) => container.set(name, value),
    remove: () => container.delete(name),
  };
}

function elementPlace(container: Value[], index: number): Place {
  return {
    get: () => container[index],
    set: (value) => {
      if (index > container.length + MAX_PADDING) throw badValue("can't backfill more than 1500000 elements");
      while (container.length < index) container.push(null);
      container[index] = value;
    },
    // An array keeps its length: the element becomes null.
    remove: () => {
      if (index < container.length) container[index] = null;
    },
  };
}

/** Visits every place that an update path means. With `create` missing documents on the way are made. */
export function visitPlaces(
  container: Doc | Value[],
  parts: readonly string[],
  create: boolean,
  context: UpdateContext,
  visit: (place: Place) => void,
  i = 0,
): void {
  for (const place of placesIn(container, parts, create, context, i)) {
    const next = parts[i + 1];
    if (next === undefined) {
      visit(place);
      continue;
    }
    let child = place.get();
    if (child === undefined) {
      if (!create) continue;
      if (next.startsWith("$["))
        throw badValue(`The path '${parts.slice(0, i + 1).join(".")}' must exist to apply array updates.`);
      place.set((child = new Map<string, Value>()));
    }
    if (child instanceof Map || Array.isArray(child))
      visitPlaces(child, parts, create, context, visit, i + 1);
    else if (create) throw next.startsWith("$[") ? notAnArray(parts[i], child) : notViable(parts, i, child);
  }
}

function notViable(parts: readonly string[], i: number, value: Value): CommandError {
  const element = `{${parts[i]}: ${describeValue(value)}}`;
  return new CommandError(28, `Cannot create field '${parts[i + 1]}' in element ${element}`);
}

function notAnArray(name: string | undefined, value: Value): CommandError {
  return badValue(`Cannot apply array updates to non-array element ${name ?? ""}: ${describeValue(value)}`);
}

function placesIn(
  container: Doc | Value[],
  parts: readonly string[],
  create: boolean,
  context: UpdateContext,
  i: number,
): Place[] {
  const part = parts[i]!;
  if (part === "$") {
    const position = context.position(parts.slice(0, i).join("."));
    if (position === undefined)
      throw badValue("The positional operator did not find the match needed from the query.");
    return [placeAt(container, String(position))];
  }
  if (part.startsWith("$[")) {
    if (!Array.isArray(container)) throw notAnArray(parts[i - 1], container);
    return filteredElements(container, part, context);
  }
  if (container instanceof Map || isArrayIndex(part)) return [placeAt(container, part)];
  if (create) throw notViable(parts, i - 1, container);
  return [];
}

function placeAt(container: Doc | Value[], name: string): Place {
  return container instanceof Map ? fieldPlace(container, name) : elementPlace(container, Number(name));
}

function filteredElements(container: Value[], part: string, context: UpdateContext): Place[] {
  const identifier = part.slice(2, -1);
  const accepts = identifier === "" ? () => true : context.arrayFilters.get(identifier);
  if (!accepts) throw badValue(`No array filter found for identifier '${identifier}' in path`);
  return container.flatMap((element, index) => (accepts(element) ? [elementPlace(container, index)] : []));
}

/** Refuses two changes of which one would undo or contain the other. */
export function requireNoConflicts(paths: readonly string[]): void {
  const ordered = [...paths].sort();
  const taken = new Set<string>();
  for (const path of ordered) {
    let prefix = "";
    for (const part of path.split(".")) {
      prefix = prefix === "" ? part : `${prefix}.${part}`;
      if (taken.has(prefix))
        throw new CommandError(40, `Updating the path '${path}' would create a conflict at '${prefix}'`);
    }
    taken.add(path);
  }
}

/** New fields are added in this order, whatever the order in the command: numbers by size, names by alphabet. */
export function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const left = a[i]!;
    const right = b[i]!;
    if (left === right) continue;
    if (isArrayIndex(left) && isArrayIndex(right)) return Number(left) - Number(right);
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
