import { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { Id, Instant } from "@dmtracker/shared/contracts/primitives.ts";
import { BulkActionBody, ReversalBody, UndoBody } from "@dmtracker/shared/contracts/rest-bulk.ts";
import { ReversalPreview } from "@dmtracker/shared/contracts/reversal.ts";
import { z } from "zod";
import { EXAMPLE_IDS, type Descriptions } from "./description.ts";

const Problems = z.array(z.object({ contact_id: Id, username: z.string(), message: z.string() }));

const BulkAnswer = BulkAction.omit({ pipelineId: true, startedAt: true, finishedAt: true }).extend({
  pipeline_id: Id,
  batch_id: Id,
  problems: Problems,
  started_at: Instant,
  finished_at: Instant.nullable(),
});

const SINCE = "2026-01-01T00:00:00Z";

/** Acts on many contacts, and taking them back. */
export const BULK_ENDPOINTS: Descriptions = {
  "POST /bulk-actions": {
    chapter: "Many contacts",
    summary: "Give many contacts one change",
    text: "By `contact_ids` or by a `filter` as in an address. What is small is done with the answer (200), more goes on in the background (202).",
    body: BulkActionBody,
    data: BulkAnswer,
    statuses: [200, 202],
    example: { body: { contact_ids: [EXAMPLE_IDS.contactId], status: "abandoned" } },
  },
  "GET /bulk-actions": {
    chapter: "Many contacts",
    summary: "The latest acts on many contacts",
    data: z.object({ bulk_actions: z.array(BulkAnswer) }),
  },
  "GET /bulk-actions/:bulkId": { chapter: "Many contacts", summary: "How far one is", data: BulkAnswer },
  "POST /bulk-actions/:bulkId/cancel": {
    chapter: "Many contacts",
    summary: "Stop one",
    text: "What is done stays.",
    data: BulkAnswer,
  },
  "POST /undo": {
    chapter: "Many contacts",
    summary: "Take one's own change back",
    text: "For 15 minutes, by the `batchId` of its events. What somebody has changed since stays.",
    body: UndoBody,
    data: z.union([z.object({ changed: z.int(), problems: Problems, seq: z.int() }), BulkAnswer]),
    statuses: [200, 202],
    example: { body: { batch_id: EXAMPLE_IDS.bulkId } },
  },
  "POST /reversals/preview": {
    chapter: "Many contacts",
    summary: "What a reversal would do",
    body: ReversalBody,
    data: ReversalPreview,
    example: { body: { token_id: EXAMPLE_IDS.tokenId, since: SINCE } },
  },
  "POST /reversals": {
    chapter: "Many contacts",
    summary: "Take back what one rule, token, member or batch did",
    body: ReversalBody,
    data: BulkAnswer,
    statuses: [200, 202],
    example: { body: { batch_id: EXAMPLE_IDS.bulkId } },
  },
};
