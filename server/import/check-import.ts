import { IMPORT_PROBLEMS_SHOWN, IMPORT_ROWS_SHOWN } from "@dmtracker/shared/contracts/import-fields.ts";
import type { ImportCheck, RowProblem } from "@dmtracker/shared/contracts/imports.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { AppContext } from "#server/app-context.ts";
import { WorkingSet } from "#server/pipeline/working-set.ts";
import { countResults, decideImport, type DecidedRow } from "./decide-import.ts";
import type { ImportRecord } from "./import.model.ts";
import { findImportPart } from "./import.store.ts";
import { KnownTags } from "./known-tags.ts";
import { readRows } from "./read-rows.ts";

export type CheckInput = { record: ImportRecord; pipeline: Pipeline; actor: Actor };

/**
 * Decides all rows as the import would do now, part by part, and throws the decisions away: what it says and what the
 * import does cannot differ but for what changes meanwhile.
 */
async function* decideParts(
  app: AppContext,
  { record, pipeline, actor }: CheckInput,
  tags: KnownTags,
): AsyncGenerator<DecidedRow[]> {
  const organizationId = record.organizationId.toHexString();
  const importId = record._id.toHexString();
  const { stages } = pipeline;
  const createdBefore = new Set<string>();
  for (let index = 0; index < record.parts; index += 1) {
    const part = await findImportPart(importId, index);
    const rows = readRows(part?.rows ?? [], record.mapping, { stages, tags });
    const batch = new WorkingSet(pipeline, {
      known: undefined,
      findSettings: (id) => app.recentSettings.find(id),
    });
    const input = { organizationId, rows, tags, actor, at: app.now() };
    const decided = await decideImport(input, batch, importId);
    // Contacts that an earlier part would have made are not in the database yet.
    yield decided.map((row) =>
      row.result === "created" && createdBefore.has(row.username) ? { ...row, result: "updated" } : row,
    );
    for (const { result, username } of decided) if (result === "created") createdBefore.add(username);
  }
}

/** What an import would do now: nothing is written. */
export async function checkImport(app: AppContext, input: CheckInput): Promise<ImportCheck> {
  const tags = await KnownTags.find(input.record.organizationId.toHexString());
  const stageNames = new Map(input.pipeline.stages.map(({ id, name }) => [id, name]));
  const check: ImportCheck = {
    created: 0,
    updated: 0,
    unchanged: 0,
    refused: 0,
    rows: [],
    problems: [],
    new_tags: [],
  };
  for await (const decided of decideParts(app, input, tags)) {
    const counts = countResults(decided);
    for (const result of ["created", "updated", "unchanged", "refused"] as const) {
      check[result] += counts[result];
    }
    for (const { row, username, result, contact, problems } of decided) {
      if (check.problems.length < IMPORT_PROBLEMS_SHOWN) check.problems.push(...problems);
      if (check.rows.length === IMPORT_ROWS_SHOWN) continue;
      const stage = contact ? (stageNames.get(contact.stageId) ?? null) : null;
      check.rows.push({ row, username, result, stage, status: contact?.leadStatus ?? null, problems });
    }
  }
  check.new_tags = tags.newNames;
  return check;
}

/** Everything that a check finds wrong, row by row, without holding it. */
export async function* findProblems(app: AppContext, input: CheckInput): AsyncGenerator<RowProblem> {
  const tags = await KnownTags.find(input.record.organizationId.toHexString());
  for await (const decided of decideParts(app, input, tags)) {
    for (const { problems } of decided) yield* problems;
  }
}
