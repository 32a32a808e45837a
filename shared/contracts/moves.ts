import { z } from "zod";
import { LeadStatus } from "./lead-status.ts";
import { Actor } from "./people.ts";
import { Colour, Id, Instant } from "./primitives.ts";

export const MoveFigure = z.enum([
  "created",
  "moved",
  "came",
  "left",
  "won",
  "lost",
  "abandoned",
  "reopened",
]);
export type MoveFigure = z.infer<typeof MoveFigure>;

/** `GET /pipelines/:id/moves`. Without `since`: from the start of yesterday, where the organization is. */
export const MovesQuery = z.strictObject({
  since: Instant.optional(),
  /** Which contacts are listed: those behind one number. */
  figure: MoveFigure.optional(),
  /** Only what this person did; `nobody` for what no person did. */
  member: z.union([Id, z.literal("nobody")]).optional(),
  stage: Id.optional(),
});
export type MovesQuery = z.infer<typeof MovesQuery>;

export const Standing = z.object({ stageId: Id, status: LeadStatus });
export type Standing = z.infer<typeof Standing>;

/** A contact that stands elsewhere than it stood then, by stage or by lead status. */
export const ContactMove = z.object({
  contactId: Id,
  username: z.string(),
  /** Null: it was not there yet. */
  before: Standing.nullable(),
  after: Standing,
  /** Who brought it, if it is new, else who moved it last; null when nobody has. */
  movedBy: Actor.nullable(),
  /** Who gave it its lead status; null when that is the one it had. */
  decidedBy: Actor.nullable(),
  /** When it came to stand so. */
  at: Instant,
});
export type ContactMove = z.infer<typeof ContactMove>;

const Count = z.int();
const counts = {
  created: Count,
  moved: Count,
  won: Count,
  lost: Count,
  abandoned: Count,
  reopened: Count,
};

export const Moves = z.object({
  pipelineId: Id,
  seq: z.int(),
  since: Instant,
  timeZone: z.string(),
  ...counts,
  members: z.array(z.object({ id: Id.nullable(), name: z.string(), ...counts })),
  stages: z.array(
    z.object({
      id: Id,
      name: z.string(),
      colour: Colour,
      /** Deleted since. */
      isFormer: z.boolean(),
      created: Count,
      came: Count,
      left: Count,
      /** By the stage in which they stood before. */
      won: Count,
      lost: Count,
      abandoned: Count,
      reopened: Count,
    }),
  ),
  /** Behind the number that was asked for, the newest first; `total` counts them all. */
  contacts: z.array(ContactMove),
  total: Count,
  /** More has happened than is looked at: only the latest of it is in. */
  partial: z.boolean(),
});
export type Moves = z.infer<typeof Moves>;
