import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { ExportQuery, FileImportParam } from "@dmtracker/shared/contracts/organization-file.ts";
import { Router, type Request, type Response } from "express";
import type { AppContext } from "#server/app-context.ts";
import { findImport } from "#server/import/import.store.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { exportOrganization } from "./export-organization.ts";
import { toFileImportAnswer, type FileRecord } from "./file-import-answer.ts";
import { startFileImport } from "./start-file-import.ts";

/** @throws AppError not_found */
async function requireFile(request: Request, response: Response): Promise<FileRecord> {
  const { fileImportId } = FileImportParam.parse(request.params);
  const record = await findImport(callerOf(response).organizationId, fileImportId);
  if (!record?.organization) throw new AppError("not_found", "No such import");
  return record as FileRecord;
}

/** A whole organization out of the product, and into an empty one. */
export function organizationFileRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/organization/export", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { gzip } = ExportQuery.parse(request.query);
    const name = `dmtracker-${app.now().toISOString().slice(0, 10)}.jsonl${gzip === "true" ? ".gz" : ""}`;
    response.setHeader("content-type", gzip === "true" ? "application/gzip" : "application/x-ndjson");
    response.setHeader("content-disposition", `attachment; filename="${name}"`);
    const lines = Readable.from(exportOrganization(app, organizationId));
    // Somebody who goes away in between ends the reading too.
    if (gzip === "true") await pipeline(lines, createGzip(), response);
    else await pipeline(lines, response);
  });

  router.get("/organization/imports/:fileImportId", async (request, response) => {
    answer(response, await toFileImportAnswer(app, await requireFile(request, response)));
  });

  router.post("/organization/imports/:fileImportId/start", async (request, response) => {
    const record = await requireFile(request, response);
    await startFileImport(app, callerOf(response), record);
    answer(response, await toFileImportAnswer(app, record), "On its way", 202);
  });

  return router;
}
