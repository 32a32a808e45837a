import { z } from "zod";
import { PipelineEvent } from "./event.ts";
import { Day } from "./filter.ts";
import { MAX_PAGE_SIZE } from "./limits.ts";
import { Actor } from "./people.ts";
import { Id } from "./primitives.ts";

/** What a line of history is about. */
export const ActivityKind = z.enum([
  "new",
  "messages",
  "outcome",
  "follow_ups",
  "fields",
  "notes",
  "settings",
]);
export type ActivityKind = z.infer<typeof ActivityKind>;

export const ActorKind = Actor.shape.type;
export type ActorKind = z.infer<typeof ActorKind>;

const listOf = <T extends z.ZodType<string, string>>(kind: T) =>
  z
    .string()
    .transform((text) => [...new Set(text.split(",").filter((value) => value !== ""))])
    .pipe(z.array(kind).min(1));

const Seq = z.coerce.number("must be a number").int("must be a whole number").min(0);

/** `GET /contacts/:id/activity`; all of it by default. */
export const ActivityPageQuery = z.strictObject({
  kind: listOf(ActivityKind).optional(),
  actor: listOf(ActorKind).optional(),
  /** `next` of the page before: older lines follow. */
  before: Seq.optional(),
  /** The newest day that is wanted, in the organization's time zone. */
  until: Day.optional(),
  limit: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(1)
    .max(MAX_PAGE_SIZE)
    .default(50),
});
export type ActivityPageQuery = z.infer<typeof ActivityPageQuery>;

/** `GET /activity`, next to the keys of a filter. */
export const ActivityQuery = ActivityPageQuery.extend({ pipeline_id: Id.optional() });
export type ActivityQuery = z.infer<typeof ActivityQuery>;

/** Lines of history, newest first, read as of `seq`. */
export const ActivityStreamPage = z.object({
  events: z.array(PipelineEvent),
  /** Older lines may follow: pass it as `before`. A page of a narrow filter may be short, even empty, and go on. */
  next: z.int().nullable(),
  /** How far back this page has looked. */
  reached: z.string().nullable(),
  pipelineId: Id,
  seq: z.int(),
});
export type ActivityStreamPage = z.infer<typeof ActivityStreamPage>;
