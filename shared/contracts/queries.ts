import { z } from "zod";
import { ContactSort, SortDirection } from "./filter.ts";
import { MAX_PAGE_SIZE } from "./limits.ts";
import { Id, Instant } from "./primitives.ts";

const PageSize = z.coerce.number("must be a number").int("must be a whole number").min(1).max(MAX_PAGE_SIZE);
const Seq = z.coerce.number("must be a number").int("must be a whole number").min(0);

export const ContactIdParam = z.object({ contactId: Id });
export const PipelineIdParam = z.object({ pipelineId: Id });
export const StageParams = z.object({ pipelineId: Id, stageId: Id });
export const RuleParams = z.object({ pipelineId: Id, ruleId: Id });

/** `GET /pipelines/:id/board`, next to the keys of a filter. `at`: the board as it was then; goes without a filter. */
export const BoardQuery = z.object({ at: Instant.optional() });

/** A page of a stage starts below the contact that the last page ended with: its rank and id. */
export const ColumnPageQuery = z
  .object({
    after_rank: z.string().max(512).optional(),
    after_id: Id.optional(),
    limit: PageSize.default(100),
    at: Instant.optional(),
  })
  .refine(({ after_rank, after_id }) => (after_rank === undefined) === (after_id === undefined), {
    path: ["after_rank"],
    message: "goes together with after_id",
  });

export const ContactsQuery = z.object({
  ids: z
    .string()
    .transform((text) => text.split(",").filter((id) => id !== ""))
    .pipe(z.array(Id).min(1).max(MAX_PAGE_SIZE)),
});

/** `GET /contacts`, next to the keys of a filter. */
export const ContactListQuery = z.object({
  pipeline_id: Id.optional(),
  sort: ContactSort.default("last_activity"),
  direction: SortDirection.optional(),
  limit: PageSize.default(50),
  cursor: z.string().max(1_024).optional(),
});

/** `GET /contacts/export`, next to the keys of a filter. */
export const ContactExportQuery = ContactListQuery.pick({ pipeline_id: true, sort: true, direction: true });

export const EventsQuery = z.object({
  pipeline_id: Id.optional(),
  after: Seq.default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});
