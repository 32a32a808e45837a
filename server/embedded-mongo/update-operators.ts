import { type Numeric, add, multiply } from "./arithmetic.ts";
import { describeValue } from "./duplicate-key.ts";
import { CommandError, ensure } from "./errors.ts";
import { compareValues, valuesEqual } from "./key-encoding.ts";
import { compileElement } from "./match.ts";
import type { Place } from "./update-paths.ts";
import { compilePush } from "./update-push.ts";
import { type Doc, Regex, Stamp, type Value, copyValue, isNumeric, toNumber, typeName } from "./values.ts";

/** Changes one place of a document. */
export type ChangePlace = (place: Place, doc: Doc) => void;

type Operator = {
  /** Whether the path is created when it is missing. */
  creates: boolean;
  onlyOnInsert?: boolean;
  compile: (operand: Value, path: string) => ChangePlace;
};

const set: Operator["compile"] = (operand) => (place) => place.set(copyValue(operand));

export const OPERATORS = new Map<string, Operator>([
  ["$set", { creates: true, compile: set }],
  ["$setOnInsert", { creates: true, onlyOnInsert: true, compile: set }],
  ["$unset", { creates: false, compile: () => (place) => place.remove() }],
  ["$inc", { creates: true, compile: (operand, path) => calculate("$inc", path, operand, add) }],
  ["$mul", { creates: true, compile: (operand, path) => calculate("$mul", path, operand, multiply) }],
  ["$min", { creates: true, compile: (operand) => replaceWhen(operand, (order) => order < 0) }],
  ["$max", { creates: true, compile: (operand) => replaceWhen(operand, (order) => order > 0) }],
  ["$currentDate", { creates: true, compile: currentDate }],
  ["$push", { creates: true, compile: compilePush }],
  ["$addToSet", { creates: true, compile: addToSet }],
  ["$pull", { creates: false, compile: pull }],
  ["$pullAll", { creates: false, compile: pullAll }],
  ["$pop", { creates: false, compile: pop }],
]);

function calculate(
  operator: string,
  path: string,
  operand: Value,
  combine: (a: Numeric, b: Numeric) => Numeric | undefined,
): ChangePlace {
  ensure(
    isNumeric(operand),
    14,
    `Cannot apply ${operator} with non-numeric argument: {${path}: ${describeValue(operand)}}`,
  );
  return (place, doc) => {
    const current = place.get();
    // A missing field counts as zero of the operand's type.
    const result =
      current === undefined && operator === "$inc" ? operand : combine(numberAt(current), operand);
    if (result !== undefined) place.set(result);
    else
      throw new CommandError(2, `Failed to apply ${operator} to ${describeValue(current)}${ofDocument(doc)}`);
    function numberAt(value: Value | undefined): Numeric {
      if (value === undefined) return 0;
      if (isNumeric(value)) return value;
      throw new CommandError(
        14,
        `Cannot apply ${operator} to a value of non-numeric type${ofDocument(doc)}: the field '${path.split(".").at(-1)}' has the type ${typeName(value)}`,
      );
    }
  };
}

function ofDocument(doc: Doc): string {
  return `. {_id: ${describeValue(doc.get("_id"))}}`;
}

function replaceWhen(operand: Value, accepts: (order: number) => boolean): ChangePlace {
  return (place) => {
    const current = place.get();
    if (current === undefined || accepts(compareValues(operand, current))) place.set(copyValue(operand));
  };
}

function currentDate(operand: Value): ChangePlace {
  const type = operand instanceof Map ? operand.get("$type") : operand;
  ensure(
    typeof type === "boolean" || type === "date" || type === "timestamp",
    2,
    "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
  );
  const now = () => (BigInt(Math.floor(Date.now() / 1000)) << 32n) | 1n;
  return (place) => place.set(type === "timestamp" ? new Stamp(now()) : new Date());
}

/** The array that is there; anything else but nothing is refused. */
export function arrayAt(place: Place, operator: string, path: string, code = 2): Value[] | undefined {
  const current = place.get();
  if (current === undefined || Array.isArray(current)) return current;
  throw new CommandError(
    code,
    `Cannot apply ${operator} to non-array field. Field named '${path}' has non-array type ${typeName(current)}`,
  );
}

function addToSet(operand: Value, path: string): ChangePlace {
  const each = operand instanceof Map && operand.has("$each") ? operand.get("$each") : [operand];
  ensure(
    Array.isArray(each),
    14,
    `The argument to $each in $addToSet must be an array, not ${typeName(each)}`,
  );
  return (place) => {
    const array = arrayAt(place, "$addToSet", path) ?? [];
    for (const value of each)
      if (!array.some((element) => valuesEqual(element, value))) array.push(copyValue(value));
    place.set(array);
  };
}

function pull(operand: Value, path: string): ChangePlace {
  if (operand instanceof Map) return without("$pull", path, compileElement(operand));
  if (operand instanceof Regex) return without("$pull", path, compileElement(new Map([["$regex", operand]])));
  return without("$pull", path, (element) => valuesEqual(element, operand));
}

function pullAll(operand: Value, path: string): ChangePlace {
  ensure(Array.isArray(operand), 2, `$pullAll requires an array argument, not ${typeName(operand)}`);
  return without("$pullAll", path, (element) => operand.some((value) => valuesEqual(value, element)));
}

function without(operator: string, path: string, isUnwanted: (element: Value) => boolean): ChangePlace {
  return (place) => {
    const array = arrayAt(place, operator, path);
    if (array) place.set(array.filter((element) => !isUnwanted(element)));
  };
}

function pop(operand: Value, path: string): ChangePlace {
  const side = toNumber(operand);
  ensure(side === 1 || side === -1, 9, `$pop expects 1 or -1, found: ${describeValue(operand)}`);
  return (place) => {
    const array = arrayAt(place, "$pop", path, 14);
    if (array) place.set(side === 1 ? array.slice(0, -1) : array.slice(1));
  };
}
