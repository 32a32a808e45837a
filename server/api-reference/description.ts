import type { Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import { z } from "zod";

/** Chapters of the reference, in their order. */
export const CHAPTERS = [
  "Integrations",
  "Contacts",
  "Log",
  "Many contacts",
  "Pipelines",
  "Automations",
  "Tags",
  "Organization",
  "Members",
  "Account",
  "Views",
  "Import and export",
  "Wins and reports",
  "Tokens",
  "Webhooks",
] as const;
export type Chapter = (typeof CHAPTERS)[number];

/** What the reference says about an endpoint: with the schemas that the endpoint itself parses by. */
export type Description = {
  chapter: Chapter;
  summary: string;
  text?: string;
  query?: z.ZodObject;
  /** Takes the keys of a filter too. */
  filtered?: true;
  body?: z.ZodType;
  /** Body or answer is a CSV file instead of JSON. */
  file?: "body" | "answer";
  /** `data` of a successful answer. */
  data: z.ZodType;
  /** 200 when absent. */
  statuses?: readonly (200 | 201 | 202)[];
  /** A call that works, with the ids of EXAMPLE_IDS for those of one's own. */
  example?: { body?: unknown; query?: Record<string, string> };
};
export type Descriptions = Partial<Record<Endpoint, Description>>;

export const Nothing = z.object({});
export const CREATED = [201] as const;

/** Ids in examples, by the name of the parameter. */
export const EXAMPLE_IDS = {
  contactId: "665f1e9b8c3d2a0012345601",
  pipelineId: "665f1e9b8c3d2a0012345602",
  stageId: "665f1e9b8c3d2a0012345603",
  otherStageId: "665f1e9b8c3d2a0012345604",
  ruleId: "665f1e9b8c3d2a0012345605",
  timedRuleId: "665f1e9b8c3d2a0012345606",
  tagId: "665f1e9b8c3d2a0012345607",
  otherTagId: "665f1e9b8c3d2a0012345608",
  reasonId: "665f1e9b8c3d2a0012345609",
  userId: "665f1e9b8c3d2a0012345610",
  invitationId: "665f1e9b8c3d2a0012345611",
  organizationId: "665f1e9b8c3d2a0012345612",
  sessionId: "665f1e9b8c3d2a0012345613",
  viewId: "665f1e9b8c3d2a0012345614",
  linkId: "665f1e9b8c3d2a0012345615",
  tokenId: "665f1e9b8c3d2a0012345616",
  webhookId: "665f1e9b8c3d2a0012345617",
  deliveryId: "665f1e9b8c3d2a0012345618",
  importId: "665f1e9b8c3d2a0012345620",
  bulkId: "665f1e9b8c3d2a0012345619",
  fileImportId: "665f1e9b8c3d2a0012345621",
} as const;
