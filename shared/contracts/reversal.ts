import { z } from "zod";
import { PipelineEvent } from "./event.ts";
import { Id, Instant } from "./primitives.ts";

/** Whose changes are taken back: one rule's, one token's, one member's since a moment, or one batch whenever it was. */
export const ReversalCause = z.union([
  z.strictObject({ ruleId: Id, since: Instant }),
  z.strictObject({ tokenId: Id, since: Instant }),
  z.strictObject({ memberId: Id, since: Instant }),
  z.strictObject({ batchId: z.string().min(1).max(64) }),
]);
export type ReversalCause = z.infer<typeof ReversalCause>;

/** What a reversal would do to one contact. */
export const ReversedContact = z.object({
  contactId: Id,
  username: z.string(),
  /** The changes that it would get, as they would stand in the log. */
  events: z.array(PipelineEvent),
  /** What would stay, and why. */
  skipped: z.array(z.string()),
});
export type ReversedContact = z.infer<typeof ReversedContact>;

export const ReversalPreview = z.object({
  /** Whose changes, in words. */
  title: z.string(),
  /** Contacts that it has touched. */
  total: z.int(),
  /** Of them: these would get something back. */
  changing: z.int(),
  /** Of them: in these something stays, because somebody has changed it since, or because it is history. */
  skipping: z.int(),
  /** The first of them. */
  contacts: z.array(ReversedContact),
});
export type ReversalPreview = z.infer<typeof ReversalPreview>;
