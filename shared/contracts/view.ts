import { z } from "zod";
import { CONTACT_COLUMNS } from "./contact-columns.ts";
import { ContactFilter, ContactSort, SortDirection } from "./filter.ts";
import { MAX_VIEW_NAME_LENGTH } from "./limits.ts";
import { Id } from "./primitives.ts";

/** Where a view is shown. */
export const ViewPlace = z.enum(["contacts", "board", "follow_ups"]);
export type ViewPlace = z.infer<typeof ViewPlace>;

/** Whose follow-ups: one's own, or everyone's. */
export const WhoseFollowUps = z.enum(["mine", "everyone"]);

/** What a view shows. What is absent is as the place shows it by itself. */
export const ViewContent = z.strictObject({
  filter: ContactFilter,
  sort: ContactSort.optional(),
  direction: SortDirection.optional(),
  /** Of the contact list, in their order. */
  columns: z
    .array(z.enum(CONTACT_COLUMNS))
    .max(CONTACT_COLUMNS.length)
    .refine((columns) => new Set(columns).size === columns.length, "names a column twice")
    .optional(),
  whose: WhoseFollowUps.optional(),
});
export type ViewContent = z.infer<typeof ViewContent>;

const ViewName = z.string().trim().min(1).max(MAX_VIEW_NAME_LENGTH);

/** `POST /api/v1/views` */
export const NewView = ViewContent.extend({
  name: ViewName,
  place: ViewPlace,
  /** Stages belong to a pipeline, and so does a view. */
  pipelineId: Id,
  /** Everyone in the organization sees it. */
  shared: z.boolean().default(false),
});
export type NewView = z.infer<typeof NewView>;

/** `PATCH /api/v1/views/:id`: `content` replaces the whole of what is shown. */
export const ViewChange = z
  .strictObject({
    name: ViewName.optional(),
    shared: z.boolean().optional(),
    content: ViewContent.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, "name at least one of: name, shared, content");
export type ViewChange = z.infer<typeof ViewChange>;

export const ViewIdParam = z.object({ viewId: Id });
export const ViewsQuery = z.strictObject({ pipeline_id: Id.optional(), place: ViewPlace.optional() });

/** A view as somebody sees it. */
export const SavedView = z.object({
  id: Id,
  name: z.string(),
  place: ViewPlace,
  pipelineId: Id,
  content: ViewContent,
  shared: z.boolean(),
  ownerId: Id,
  /** Opened when this person comes to the place without a filter of their own. */
  isDefault: z.boolean(),
  /** May this person change it? */
  canEdit: z.boolean(),
});
export type SavedView = z.infer<typeof SavedView>;
