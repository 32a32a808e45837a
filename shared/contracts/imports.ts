import { z } from "zod";
import { BulkAction } from "./bulk.ts";
import { IMPORT_FIELDS, MAX_IMPORT_COLUMNS, type ImportField } from "./import-fields.ts";
import { LeadStatus } from "./lead-status.ts";
import { Id, Instant } from "./primitives.ts";

const Column = z
  .int()
  .min(0)
  .max(MAX_IMPORT_COLUMNS - 1);

export const ImportMapping = z
  .strictObject(
    Object.fromEntries(IMPORT_FIELDS.map((field) => [field, Column.optional()])) as Record<
      ImportField,
      z.ZodOptional<typeof Column>
    >,
  )
  .refine(({ username }) => username !== undefined, {
    path: ["username"],
    message: "choose the column that holds the username",
  });

/** `POST /api/v1/imports/:importId/check` and `/start` */
export const ImportPlan = z.strictObject({ pipeline_id: Id.optional(), mapping: ImportMapping });

export const ImportParam = z.object({ importId: Id });
export const ImportUploadQuery = z.object({
  name: z.string().trim().min(1).max(200).default("contacts.csv"),
});

export const RowProblem = z.object({
  /** As a spreadsheet counts: the first line, with the names of the columns, is row 1. */
  row: z.int(),
  /** The name of the column; empty when the whole row is meant. */
  field: z.string(),
  reason: z.string(),
});
export type RowProblem = z.infer<typeof RowProblem>;

export const RowResult = z.enum(["created", "updated", "unchanged", "refused"]);
export type RowResult = z.infer<typeof RowResult>;

export const ImportCounts = z.object({
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  refused: z.int(),
});
export type ImportCounts = z.infer<typeof ImportCounts>;

export const PlannedRow = z.object({
  row: z.int(),
  username: z.string(),
  result: RowResult,
  /** Where it would stand; null when it is refused. */
  stage: z.string().nullable(),
  status: LeadStatus.nullable(),
  problems: z.array(RowProblem),
});
export type PlannedRow = z.infer<typeof PlannedRow>;

/** What the import would do now; nothing is written. */
export const ImportCheck = ImportCounts.extend({
  rows: z.array(PlannedRow),
  problems: z.array(RowProblem),
  new_tags: z.array(z.string()),
});
export type ImportCheck = z.infer<typeof ImportCheck>;

export const Import = z.object({
  /** Also the id of its bulk action, and the batch of all its events. */
  id: Id,
  name: z.string(),
  created_at: Instant,
  encoding: z.string(),
  delimiter: z.string(),
  columns: z.array(z.string()),
  rows: z.int(),
  /** The first rows as they stand in the file. */
  sample: z.array(z.array(z.string())),
  mapping: z.record(z.string(), z.int()),
  pipeline_id: Id.nullable(),
  /** Absent until it was started. */
  run: BulkAction.pick({
    state: true,
    total: true,
    done: true,
    reason: true,
    startedAt: true,
    finishedAt: true,
  })
    .extend(ImportCounts.shape)
    .nullable(),
});
export type Import = z.infer<typeof Import>;
