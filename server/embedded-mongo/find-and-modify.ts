import { type Context, type Reply, findCollection, flag, optionalDocument } from "./context.ts";
import { ensure } from "./errors.ts";
import { exprCompiler, variablesOf } from "./expr-filter.ts";
import { rootScope } from "./expressions.ts";
import { compileFilter } from "./match.ts";
import { deleteFound, forEachMatch, updateFound, upsert } from "./matching.ts";
import { compileUpdatePipeline } from "./pipeline.ts";
import { compileProjection } from "./projection.ts";
import { docOf } from "./query.ts";
import { parseSort } from "./sort.ts";
import { compileUpdate } from "./update.ts";
import type { Doc, Value } from "./values.ts";
import { runStatements } from "./write-progress.ts";

export async function findAndModify(context: Context): Promise<Reply> {
  const progress = await runStatements(context, 1, () => run(context), true);
  return progress.reply!;
}

async function run(context: Context): Promise<{ n: number; reply: Reply }> {
  const { body } = context;
  requireOneChange(context);
  const query = optionalDocument(context, "query") ?? new Map<string, Value>();
  const variables = variablesOf(optionalDocument(context, "let"));
  const update = flag(context, "remove")
    ? undefined
    : compileUpdate(body.get("update"), body.get("arrayFilters"), (stages) =>
        compileUpdatePipeline(stages, variables),
      );
  const fields = optionalDocument(context, "fields");
  const projection = fields && compileProjection(fields, query);
  const project = (doc: Doc) => projection?.(doc, rootScope(doc, variables)) ?? doc;
  const filter = compileFilter(query, exprCompiler(variables));
  const collection = findCollection(context);
  const returnsNew = flag(context, "new");
  let result: Doc | undefined;
  if (collection) {
    const target = { collection, filter, sort: parseSort(body.get("sort")), hint: body.get("hint") };
    await forEachMatch(context, target, false, (found) => {
      const after = update && updateFound(context, collection, found, update, query);
      if (!update) deleteFound(context, collection, found);
      result = returnsNew && after ? after.doc : docOf(found);
    });
  }
  const existing = update ? { updatedExisting: result !== undefined } : {};
  if (result || !update || !flag(context, "upsert")) {
    const n = result ? 1 : 0;
    return { n, reply: { lastErrorObject: { n, ...existing }, value: result ? project(result) : null } };
  }
  const { doc } = upsert(context, query, update);
  const lastErrorObject = { n: 1, ...existing, upserted: doc.get("_id")! };
  return { n: 1, reply: { lastErrorObject, value: returnsNew ? project(doc) : null } };
}

function requireOneChange(context: Context): void {
  const hasUpdate = context.body.has("update");
  if (!flag(context, "remove")) {
    ensure(hasUpdate, 9, "Either an update or remove=true must be specified");
    return;
  }
  ensure(!hasUpdate, 9, "Cannot specify both an update and remove=true");
  ensure(!flag(context, "upsert"), 9, "Cannot specify both upsert=true and remove=true");
  ensure(!flag(context, "new"), 9, "Cannot specify both new=true and remove=true");
}
