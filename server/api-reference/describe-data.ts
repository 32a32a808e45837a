import { Import, ImportCheck, ImportPlan, ImportUploadQuery } from "@dmtracker/shared/contracts/imports.ts";
import {
  ExportQuery,
  FileUploadQuery,
  OrganizationImport,
} from "@dmtracker/shared/contracts/organization-file.ts";
import { z } from "zod";
import { CREATED, type Descriptions } from "./description.ts";

/** Data in and out. */
export const DATA_ENDPOINTS: Descriptions = {
  "GET /contacts/export": {
    chapter: "Import and export",
    summary: "Contacts that match a filter, as CSV",
    filtered: true,
    file: "answer",
    data: z.string(),
  },
  "GET /imports": {
    chapter: "Import and export",
    summary: "The latest imports",
    data: z.object({ imports: z.array(Import) }),
  },
  "POST /imports": {
    chapter: "Import and export",
    summary: "Upload a CSV file",
    text: "The file itself is the body. Nothing is imported yet.",
    query: ImportUploadQuery,
    file: "body",
    data: Import,
    statuses: CREATED,
  },
  "GET /imports/:importId": {
    chapter: "Import and export",
    summary: "An import and how far it is",
    data: Import,
  },
  "POST /imports/:importId/check": {
    chapter: "Import and export",
    summary: "What an import would do",
    text: "Nothing is written. `mapping` names a column, from 0, for each field.",
    body: ImportPlan,
    data: ImportCheck,
    example: { body: { mapping: { username: 0 } } },
  },
  "POST /imports/:importId/start": {
    chapter: "Import and export",
    summary: "Import",
    text: "One bulk action: it can be cancelled and reversed as one. 202 while it goes on.",
    body: ImportPlan,
    data: Import,
    statuses: [200, 202],
    example: { body: { mapping: { username: 0 } } },
  },
  "GET /organization/export": {
    chapter: "Import and export",
    summary: "The whole organization, as JSON lines",
    text: "Everything but secrets: settings, members, tags, pipelines with stages and rules, shared views, the whole log, all contacts. Each line is an object with one key that says what it is; the first is `dmtracker` with the version, the last `counts`. As of the `seq` that each pipeline has in the file, whatever is changed meanwhile. `gzip=true` packs it.",
    query: ExportQuery,
    file: "answer",
    data: z.string(),
  },
  "POST /organization/imports": {
    chapter: "Import and export",
    summary: "Upload an exported organization",
    text: "The file itself is the body, packed or not. Every line is checked and nothing is imported: the answer says what is in it, what is wrong by line, and what stands in the way here.",
    query: FileUploadQuery,
    file: "body",
    data: OrganizationImport,
    statuses: CREATED,
  },
  "GET /organization/imports/:fileImportId": {
    chapter: "Import and export",
    summary: "An uploaded organization and how far its import is",
    data: OrganizationImport,
  },
  "POST /organization/imports/:fileImportId/start": {
    chapter: "Import and export",
    summary: "Import it into this organization",
    text: "Which must have nothing in it yet. Nothing of it can be seen before all of it is in; no rule fires. It is a bulk action with the same id: cancelled by `POST /bulk-actions/:id/cancel`, it leaves nothing.",
    data: OrganizationImport,
    statuses: [202],
  },
  "GET /imports/:importId/problems": {
    chapter: "Import and export",
    summary: "Every problem of an import, as CSV",
    file: "answer",
    data: z.string(),
  },
};
