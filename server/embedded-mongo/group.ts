import { ACCUMULATORS, type Accumulator } from "./accumulators.ts";
import { ensure } from "./errors.ts";
import { type Expression, type Scope, compileExpression, rootScope } from "./expressions.ts";
import { keyText } from "./key-encoding.ts";
import { requireMemory, sizeOf } from "./memory.ts";
import type { Environment, Stage } from "./pipeline.ts";
import type { Doc, Value } from "./values.ts";

type Field = { name: string; create: () => Accumulator; expression: Expression };
type Group = { id: Value; accumulators: Accumulator[] };

const BYTES_PER_ACCUMULATOR = 150;

export function groupStage(argument: Value, { variables }: Environment): Stage {
  ensure(argument instanceof Map, 15947, "a group's fields must be specified in an object");
  ensure(argument.has("_id"), 15955, "a group specification must include an _id");
  const id = compileExpression(argument.get("_id")!);
  const fields = [...argument].filter(([name]) => name !== "_id").map(parseField);
  return function* (source) {
    const groups = new Map<string, Group>();
    let bytes = 0;
    for (const doc of source) {
      if (doc) requireMemory((bytes += take(groups, id, fields, rootScope(doc, variables))), "$group");
      else yield undefined;
    }
    for (const group of groups.values()) {
      const result: Doc = new Map([["_id", group.id]]);
      fields.forEach(({ name }, i) => result.set(name, group.accumulators[i]!.result()));
      yield result;
    }
  };
}

/** Returns how much more memory the groups hold. */
function take(groups: Map<string, Group>, idOf: Expression, fields: Field[], scope: Scope): number {
  const id = idOf(scope) ?? null;
  const key = keyText(id);
  let bytes = 0;
  let group = groups.get(key);
  if (!group) {
    groups.set(key, (group = { id, accumulators: fields.map(({ create }) => create()) }));
    bytes += key.length + sizeOf(id) + fields.length * BYTES_PER_ACCUMULATOR;
  }
  for (let i = 0; i < fields.length; i++) bytes += group.accumulators[i]!.take(fields[i]!.expression(scope));
  return bytes;
}

function parseField([name, spec]: [string, Value]): Field {
  ensure(!name.includes("."), 40235, `The field name '${name}' cannot contain '.'`);
  ensure(spec instanceof Map && spec.size === 1, 40234, `The field '${name}' must be an accumulator object`);
  const [operator, operand] = spec.entries().next().value!;
  const create = ACCUMULATORS.get(operator);
  ensure(create, 15952, `unknown group operator '${operator}'`);
  return { name, create, expression: compileExpression(operand) };
}
