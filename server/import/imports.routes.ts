import { ImportParam, ImportPlan } from "@dmtracker/shared/contracts/imports.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { answerCsv, type Cell } from "#server/platform/csv-answer.ts";
import { answer } from "#server/platform/http.ts";
import type { RowProblem } from "@dmtracker/shared/contracts/imports.ts";
import { checkImport } from "./check-import.ts";
import { toImportAnswer } from "./import-answer.ts";
import { findImports } from "./import.store.ts";
import { listProblems } from "./list-problems.ts";
import { planImport } from "./plan-import.ts";
import { requireImport } from "./require-import.ts";
import { startImport } from "./start-import.ts";

const LISTED = 10;

async function* toRows(problems: AsyncIterable<RowProblem>): AsyncGenerator<Cell[]> {
  for await (const { row, field, reason } of problems) yield [row, field, reason];
}

export function importsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/imports", async (_request, response) => {
    const { organizationId, actor, role } = callerOf(response);
    const actorId = may(role, "changes:reverse") ? undefined : (actor.id ?? "");
    const records = await findImports(organizationId, { actorId, limit: LISTED });
    answer(response, { imports: await Promise.all(records.map(toImportAnswer)) });
  });

  router.get("/imports/:importId", async (request, response) => {
    const { importId } = ImportParam.parse(request.params);
    answer(response, await toImportAnswer(await requireImport(callerOf(response), importId)));
  });

  router.post("/imports/:importId/check", async (request, response) => {
    const caller = callerOf(response);
    const { importId } = ImportParam.parse(request.params);
    const plan = ImportPlan.parse(request.body ?? {});
    const planned = await planImport(await requireImport(caller, importId), plan);
    answer(response, await checkImport(app, { ...planned, actor: caller.actor }), "Nothing was changed");
  });

  router.post("/imports/:importId/start", async (request, response) => {
    const caller = callerOf(response);
    const { importId } = ImportParam.parse(request.params);
    const plan = ImportPlan.parse(request.body ?? {});
    const { record, pipeline } = await planImport(await requireImport(caller, importId), plan);
    const { state } = await startImport(app, { record, pipelineId: pipeline.id, actor: caller.actor });
    const isRunning = state === "running";
    answer(
      response,
      await toImportAnswer(await requireImport(caller, importId)),
      isRunning ? "On its way" : "Imported",
      isRunning ? 202 : 200,
    );
  });

  router.get("/imports/:importId/problems", async (request, response) => {
    const caller = callerOf(response);
    const { importId } = ImportParam.parse(request.params);
    const record = await requireImport(caller, importId);
    const rows = toRows(await listProblems(app, record, caller.actor));
    await answerCsv(response, { name: "import-problems", columns: ["Row", "Field", "Reason"], rows });
  });

  return router;
}
