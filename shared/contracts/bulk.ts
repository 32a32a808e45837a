import { z } from "zod";
import { ContactChange } from "./contact.ts";
import { ContactFilter } from "./filter.ts";
import { MAX_BULK_IDS } from "./limits.ts";
import { MutationId } from "./mutation-id.ts";
import { Actor } from "./people.ts";
import { Id, Instant } from "./primitives.ts";

/** What many contacts may be given at once: what one has or says alone (a name, a message, a note) is not in it. */
export const BulkChange = ContactChange.pick({
  stageId: true,
  before: true,
  after: true,
  status: true,
  lostReason: true,
  value: true,
  assigneeId: true,
  tags: true,
  followUp: true,
  parked: true,
})
  // Many come back by an undo or a reversal, which look at names and tags for each.
  .extend({ removed: z.literal(true).optional() })
  .refine((change) => Object.values(change).some((wish) => wish !== undefined), "name at least one change");
export type BulkChange = z.infer<typeof BulkChange>;

/** Contacts by id, in the order in which they shall stand; or everything that matches when the action starts. */
export const ContactSelection = z.union([
  z.strictObject({ contactIds: z.array(Id).min(1).max(MAX_BULK_IDS) }),
  z.strictObject({ filter: ContactFilter }),
]);
export type ContactSelection = z.infer<typeof ContactSelection>;

export const BulkKind = z.enum(["change", "undo", "reversal", "import", "organization"]);
export type BulkKind = z.infer<typeof BulkKind>;

export const BulkState = z.enum(["running", "done", "cancelled", "failed"]);
export type BulkState = z.infer<typeof BulkState>;

/** Why one contact was left as it is, or part of it. */
export const BulkProblem = z.object({ contactId: Id, username: z.string(), message: z.string() });
export type BulkProblem = z.infer<typeof BulkProblem>;

/** One act on many contacts: how far it is, and how it ended. */
export const BulkAction = z.object({
  /** Also the `batchId` of every event that it makes. */
  id: Id,
  pipelineId: Id,
  kind: BulkKind,
  actor: Actor,
  /** What it does, in words. */
  title: z.string(),
  state: BulkState,
  total: z.int(),
  /** Contacts that were gone through; of them so many were changed, refused (or skipped), the rest had it already. */
  done: z.int(),
  changed: z.int(),
  refused: z.int(),
  /** The first of what was refused or skipped. */
  problems: z.array(BulkProblem),
  /** Why it failed. */
  reason: z.string().nullable(),
  /** The pipeline's `seq` after its last commit. */
  seq: z.int(),
  startedAt: Instant,
  finishedAt: Instant.nullable(),
});
export type BulkAction = z.infer<typeof BulkAction>;

/** Live: `contacts:change`. */
export const ChangeContactsMessage = z.strictObject({
  mutationId: MutationId,
  pipelineId: Id,
  select: ContactSelection,
  change: BulkChange,
});
export type ChangeContactsMessage = z.infer<typeof ChangeContactsMessage>;

/** Live: `change:undo`. `undoes` is the mutation id of one's own change, single or bulk. */
export const UndoMessage = z.strictObject({ mutationId: MutationId, undoes: MutationId });
export type UndoMessage = z.infer<typeof UndoMessage>;

export const CancelBulkMessage = z.strictObject({ bulkId: Id });
export type CancelBulkMessage = z.infer<typeof CancelBulkMessage>;

/**
 * What an undo did. A single change is undone before the answer comes (`bulk` null); a large one goes on as a bulk
 * action.
 */
export const UndoAnswer = z.object({
  seq: z.int(),
  /** Contacts that got something back. */
  changed: z.int(),
  problems: z.array(BulkProblem),
  bulk: BulkAction.nullable(),
});
export type UndoAnswer = z.infer<typeof UndoAnswer>;
