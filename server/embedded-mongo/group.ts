import { type Numeric, add } from "./arithmetic.ts";
import { CommandError } from "./errors.ts";
import { type Expression, compileExpression, rootScope, type Scope } from "./expressions.ts";
import { keyText, compareValues } from "./key-encoding.ts";
import type { Environment, Stage } from "./pipeline.ts";
import { type Doc, type Value, asDouble, isNumeric, toNumber, typeName } from "./values.ts";

/** Gathers one field of one group. */
type Accumulator = { take: (value: Value | undefined) => void; result: () => Value };

const ACCUMULATORS = new Map<string, () => Accumulator>([
  ["$sum", sum],
  ["$avg", average],
  ["$min", () => extreme(-1)],
  ["$max", () => extreme(1)],
  ["$first", first],
  ["$last", last],
  ["$push", push],
  ["$addToSet", addToSet],
  ["$count", count],
  ["$mergeObjects", mergeObjects],
]);

function sum(): Accumulator {
  let total: Numeric = 0;
  return {
    take: (value) => {
      if (isNumeric(value)) total = add(total, value) ?? asDouble(toNumber(total)! + toNumber(value)!);
    },
    result: () => total,
  };
}

function average(): Accumulator {
  const total = sum();
  let number = 0;
  return {
    take: (value) => {
      if (!isNumeric(value)) return;
      total.take(value);
      number++;
    },
    result: () => (number === 0 ? null : asDouble(toNumber(total.result())! / number)),
  };
}

function extreme(wanted: -1 | 1): Accumulator {
  let best: Value | undefined;
  return {
    take: (value) => {
      if (value === undefined || value === null) return;
      if (best === undefined || compareValues(value, best) * wanted > 0) best = value;
    },
    result: () => best ?? null,
  };
}

function first(): Accumulator {
  let value: Value | undefined;
  let isTaken = false;
  return {
    take: (next) => {
      if (!isTaken) value = next;
      isTaken = true;
    },
    result: () => value ?? null,
  };
}

function last(): Accumulator {
  let value: Value | undefined;
  return { take: (next) => (value = next), result: () => value ?? null };
}

function push(): Accumulator {
  const values: Value[] = [];
  return {
    take: (value) => {
      if (value !== undefined) values.push(value);
    },
    result: () => values,
  };
}

function addToSet(): Accumulator {
  const values = new Map<string, Value>();
  return {
    take: (value) => {
      if (value !== undefined && !values.has(keyText(value))) values.set(keyText(value), value);
    },
    result: () => [...values.values()],
  };
}

function count(): Accumulator {
  let number = 0;
  return { take: () => number++, result: () => number };
}

function mergeObjects(): Accumulator {
  const merged: Doc = new Map();
  return {
    take: (value) => {
      if (value === undefined || value === null) return;
      if (!(value instanceof Map))
        throw new CommandError(
          40400,
          `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`,
        );
      for (const [key, inner] of value) merged.set(key, inner);
    },
    result: () => merged,
  };
}

type Field = { name: string; create: () => Accumulator; expression: Expression };

export function groupStage(argument: Value, { variables }: Environment): Stage {
  if (!(argument instanceof Map))
    throw new CommandError(15947, "a group's fields must be specified in an object");
  const id = argument.get("_id");
  if (id === undefined) throw new CommandError(15955, "a group specification must include an _id");
  const idExpression = compileExpression(id);
  const fields = [...argument]
    .filter(([name]) => name !== "_id")
    .map(([name, spec]) => parseField(name, spec));
  return function* (source) {
    const groups = new Map<string, { id: Value; accumulators: Accumulator[] }>();
    for (const doc of source) {
      if (!doc) {
        yield undefined;
        continue;
      }
      take(groups, idExpression, fields, rootScope(doc, variables));
    }
    for (const group of groups.values()) {
      const result: Doc = new Map([["_id", group.id]]);
      fields.forEach(({ name }, i) => result.set(name, group.accumulators[i]!.result()));
      yield result;
    }
  };
}

function take(
  groups: Map<string, { id: Value; accumulators: Accumulator[] }>,
  idExpression: Expression,
  fields: Field[],
  scope: Scope,
): void {
  const id = idExpression(scope) ?? null;
  const key = keyText(id);
  let group = groups.get(key);
  if (!group) groups.set(key, (group = { id, accumulators: fields.map(({ create }) => create()) }));
  fields.forEach(({ expression }, i) => group.accumulators[i]!.take(expression(scope)));
}

function parseField(name: string, spec: Value): Field {
  if (name.includes(".")) throw new CommandError(40235, `The field name '${name}' cannot contain '.'`);
  if (!(spec instanceof Map) || spec.size !== 1)
    throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
  const [operator, operand] = spec.entries().next().value!;
  const create = ACCUMULATORS.get(operator);
  if (!create) throw new CommandError(15952, `unknown group operator '${operator}'`);
  return { name, create, expression: compileExpression(operand) };
}
