import { Import, ImportCheck, ImportPlan, ImportUploadQuery } from "@dmtracker/shared/contracts/imports.ts";
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
  "GET /imports/:importId/problems": {
    chapter: "Import and export",
    summary: "Every problem of an import, as CSV",
    file: "answer",
    data: z.string(),
  },
};
