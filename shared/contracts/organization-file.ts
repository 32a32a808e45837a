import { z } from "zod";
import { BulkAction } from "./bulk.ts";
import { Contact } from "./contact.ts";
import { PipelineEvent } from "./event.ts";
import { OrganizationSettings } from "./organization-settings.ts";
import { Member, Tag } from "./people.ts";
import { Pipeline } from "./pipeline.ts";
import { Id, Instant } from "./primitives.ts";
import { ViewContent, ViewPlace } from "./view.ts";

/** Rises when an older reader could not understand the file any more. */
export const FILE_VERSION = 1;

export const FileCounts = z.object({
  members: z.int(),
  tags: z.int(),
  pipelines: z.int(),
  views: z.int(),
  events: z.int(),
  contacts: z.int(),
});
export type FileCounts = z.infer<typeof FileCounts>;

export const FileView = z.object({
  id: Id,
  name: z.string(),
  place: ViewPlace,
  pipelineId: Id,
  content: ViewContent,
  ownerId: Id,
});
export type FileView = z.infer<typeof FileView>;

export const FilePipeline = Pipeline.omit({ organizationId: true, totals: true });
export type FilePipeline = z.infer<typeof FilePipeline>;

/**
 * The lines of an exported organization. Each is an object with one key, which says what it is; they come in this
 * order, the header first and the counts last: a file without its last line is not whole.
 */
export const FILE_LINES = {
  dmtracker: z.object({
    version: z.literal(FILE_VERSION, `must be ${FILE_VERSION}: another version wrote this file`),
    organization: z.string(),
    exportedAt: Instant,
    /** What is to be expected, for whoever shows progress. */
    expected: FileCounts.pick({ events: true, contacts: true }),
  }),
  settings: OrganizationSettings,
  member: Member,
  tag: Tag,
  pipeline: FilePipeline,
  view: FileView,
  /** Of one pipeline after the other, in order. */
  event: PipelineEvent,
  /** As of the `seq` of its pipeline, removed ones included. */
  contact: Contact,
  counts: FileCounts,
} as const;
export type FileLineKind = keyof typeof FILE_LINES;

export const LineProblem = z.object({ line: z.int(), reason: z.string() });
export type LineProblem = z.infer<typeof LineProblem>;

export const ExportQuery = z.strictObject({
  /** Compressed as a file: `.jsonl.gz`. */
  gzip: z.enum(["true", "false"]).default("false"),
});

export const FileUploadQuery = z.object({
  name: z.string().trim().min(1).max(200).default("organization.jsonl"),
});
export const FileImportParam = z.object({ fileImportId: Id });

/** An uploaded file: what is in it, what is wrong with it, and how far its import is. */
export const OrganizationImport = z.object({
  id: Id,
  name: z.string(),
  created_at: Instant,
  /** Where it came from. */
  organization: z.string(),
  exported_at: Instant.nullable(),
  counts: FileCounts,
  /** People of the file who are no members here, by name: their work keeps their names. */
  unknown_people: z.array(z.string()),
  /** The first of what is wrong. A file with problems is not imported. */
  problems: z.array(LineProblem),
  problem_count: z.int(),
  /** What stands in the way of importing into this organization now; empty when nothing does. */
  obstacles: z.array(z.string()),
  /** Absent until it was started; its parts are counted, not its lines. */
  run: BulkAction.pick({
    state: true,
    total: true,
    done: true,
    reason: true,
    startedAt: true,
    finishedAt: true,
  }).nullable(),
});
export type OrganizationImport = z.infer<typeof OrganizationImport>;
