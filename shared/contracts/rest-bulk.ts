import { z } from "zod";
import { DealValue, LostReason, MAX_FOLLOW_UP_NOTE_LENGTH, ParkedChange } from "./contact.ts";
import { LeadStatus } from "./lead-status.ts";
import { MAX_BULK_IDS, MAX_TAGS } from "./limits.ts";
import { StageName } from "./pipeline.ts";
import { Id, Instant } from "./primitives.ts";
import { TagName } from "./tag-name.ts";

const CHANGES = [
  "status",
  "stage",
  "stage_id",
  "lost_reason",
  "value",
  "assignee_id",
  "add_tags",
  "remove_tags",
  "follow_up",
  "remove",
  "parked",
] as const;

/** `POST /api/v1/bulk-actions`: one change for many contacts. */
export const BulkActionBody = z
  .strictObject({
    pipeline_id: Id.optional(),
    contact_ids: z.array(Id).min(1).max(MAX_BULK_IDS).optional(),
    /** A filter as in the address of a page: `status=open&quiet=14`. Empty means everybody. */
    filter: z.string().max(4_000).optional(),
    status: LeadStatus.optional(),
    stage: StageName.optional(),
    stage_id: Id.optional(),
    lost_reason: LostReason.nullable().optional(),
    value: DealValue.nullable().optional(),
    assignee_id: Id.nullable().optional(),
    /** Names of tags. */
    add_tags: z.array(TagName).max(MAX_TAGS).optional(),
    remove_tags: z.array(TagName).max(MAX_TAGS).optional(),
    /** Removes the contacts; named alone. */
    remove: z.literal(true).optional(),
    /** null removes it. */
    follow_up: z
      .strictObject({
        due_at: Instant,
        note: z.string().trim().min(1).max(MAX_FOLLOW_UP_NOTE_LENGTH).nullable().optional(),
      })
      .nullable()
      .optional(),
    /** Leaves Open contacts alone until then; null wakes them. */
    parked: ParkedChange.optional(),
  })
  .refine(({ contact_ids, filter }) => (contact_ids === undefined) !== (filter === undefined), {
    path: ["contact_ids"],
    message: "name the contacts by either contact_ids or filter",
  })
  .refine((body) => CHANGES.some((name) => body[name] !== undefined), {
    path: ["status"],
    message: `name at least one of: ${CHANGES.join(", ")}`,
  })
  .refine((body) => !body.remove || CHANGES.every((name) => name === "remove" || body[name] === undefined), {
    path: ["remove"],
    message: "goes with no other change",
  })
  .refine(({ stage, stage_id }) => !(stage && stage_id), {
    path: ["stage"],
    message: "name the stage by either stage or stage_id, not both",
  });
export type BulkActionBody = z.infer<typeof BulkActionBody>;

export const BulkActionParam = z.object({ bulkId: Id });

/** `POST /api/v1/undo` */
export const UndoBody = z.strictObject({ batch_id: z.string().min(1).max(64) });

/** `POST /api/v1/reversals` and `/reversals/preview` */
export const ReversalBody = z
  .strictObject({
    pipeline_id: Id.optional(),
    rule_id: Id.optional(),
    token_id: Id.optional(),
    member_id: Id.optional(),
    batch_id: z.string().min(1).max(64).optional(),
    since: Instant.optional(),
  })
  .refine(
    ({ rule_id, token_id, member_id, batch_id }) =>
      [rule_id, token_id, member_id, batch_id].filter((name) => name !== undefined).length === 1,
    { path: ["rule_id"], message: "name exactly one of: rule_id, token_id, member_id, batch_id" },
  )
  .refine(({ batch_id, since }) => (batch_id === undefined) === (since !== undefined), {
    path: ["since"],
    message: "is needed, except with batch_id",
  });
export type ReversalBody = z.infer<typeof ReversalBody>;
