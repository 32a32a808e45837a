import { ImportUploadQuery } from "@dmtracker/shared/contracts/imports.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { AppError } from "#server/platform/app-error.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { answer } from "#server/platform/http.ts";
import { toImportAnswer } from "./import-answer.ts";
import { uploadImport } from "./upload-import.ts";

/** As browsers and tools call a CSV file. */
const KINDS = ["text/csv", "text/plain", "text/tab-separated-values", "application/vnd.ms-excel"];

export function importUploadRoutes(app: AppContext): Router {
  const router = Router();

  router.post("/imports", async (request, response) => {
    const caller = callerOf(response);
    if (!request.is(KINDS)) {
      throw new AppError("unsupported_media_type", "Send the file itself as text/csv");
    }
    const { name } = ImportUploadQuery.parse(request.query);
    const record = await uploadImport(app, {
      caller,
      name,
      bytes: request,
      mutationOf: (content) => mutationOf(request, caller, ["imports", name, content]),
    });
    answer(response, await toImportAnswer(record), `${record.rows} rows are ready to be checked`, 201);
  });

  return router;
}
