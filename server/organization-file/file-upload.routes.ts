import { FileUploadQuery } from "@dmtracker/shared/contracts/organization-file.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { toFileImportAnswer, type FileRecord } from "./file-import-answer.ts";
import { uploadFile } from "./upload-file.ts";

/** As browsers and tools call a file of JSON lines, packed or not. */
const KINDS = [
  "application/x-ndjson",
  "application/jsonl",
  "application/gzip",
  "application/x-gzip",
  "application/octet-stream",
];

export function fileUploadRoutes(app: AppContext): Router {
  const router = Router();

  router.post("/organization/imports", async (request, response) => {
    const caller = callerOf(response);
    if (!request.is(KINDS)) {
      throw new AppError(
        "unsupported_media_type",
        "Send the file itself as application/x-ndjson or application/gzip",
      );
    }
    const { name } = FileUploadQuery.parse(request.query);
    const record = await uploadFile(app, {
      caller,
      name,
      bytes: request,
      mutationOf: (content) => mutationOf(request, caller, ["organization/imports", name, content]),
    });
    const told = await toFileImportAnswer(app, record as FileRecord);
    answer(response, told, "Nothing is imported yet", 201);
  });

  return router;
}
