import { z } from "zod";
import { DealValue, DisplayName, Email, LostReason, MAX_MESSAGE_LENGTH, Phone, Username } from "./contact.ts";
import { MAX_TAGS } from "./limits.ts";
import { LeadStatus } from "./lead-status.ts";
import { StageName } from "./pipeline.ts";
import { Id, Instant } from "./primitives.ts";
import { TagName } from "./tag-name.ts";

/** ManyChat sends its ids as numbers or as text. */
const ForeignId = z
  .union([z.string().trim().min(1).max(64), z.int().min(0)], "must be text or a whole number")
  .transform((value) => String(value))
  .describe("text or number");

const CHANGES = ["status", "stage", "stage_id", "lost_reason", "value"] as const;

/** Only accepted when it names the caller's own organization. */
const ownOrganization = { organization_id: z.string().optional(), page_name: z.string().optional() };

/** `PATCH /api/v1/contact/contact-status` */
export const PatchContactStatus = z
  .strictObject({
    contact_id: Id.optional(),
    manychat_id: ForeignId.optional(),
    status: LeadStatus.optional(),
    stage: StageName.optional(),
    stage_id: Id.optional(),
    lost_reason: LostReason.nullable().optional(),
    value: DealValue.nullable().optional(),
    ...ownOrganization,
  })
  .refine(({ contact_id, manychat_id }) => (contact_id === undefined) !== (manychat_id === undefined), {
    path: ["contact_id"],
    message: "name the contact by exactly one of: contact_id, manychat_id",
  })
  .refine((body) => CHANGES.some((name) => body[name] !== undefined), {
    path: ["status"],
    message: `name at least one of: ${CHANGES.join(", ")}`,
  })
  .refine(({ stage, stage_id }) => !(stage && stage_id), {
    path: ["stage"],
    message: "name the stage by either stage or stage_id, not both",
  });
export type PatchContactStatus = z.infer<typeof PatchContactStatus>;

/** `POST /api/v1/organization/create-contact` */
export const CreateContactBody = z
  .strictObject({
    username: Username,
    manychat_id: ForeignId.optional(),
    ig_id: ForeignId.optional(),
    display_name: DisplayName.nullable().optional(),
    email: Email.nullable().optional(),
    phone: Phone.nullable().optional(),
    value: DealValue.nullable().optional(),
    /** Id of a member. */
    assignee_id: Id.nullable().optional(),
    tags: z.array(TagName).max(MAX_TAGS).optional(),
    stage: StageName.optional(),
    stage_id: Id.optional(),
    status: LeadStatus.optional(),
    lost_reason: LostReason.nullable().optional(),
    message_content: z.string().max(MAX_MESSAGE_LENGTH).optional(),
    pipeline_id: Id.optional(),
    ...ownOrganization,
  })
  .refine(({ stage, stage_id }) => !(stage && stage_id), {
    path: ["stage"],
    message: "name the stage by either stage or stage_id, not both",
  });
export type CreateContactBody = z.infer<typeof CreateContactBody>;

/** A variable that the sender did not fill in, such as `{{last_input_text}}` or `##{{last_input_text}}`. */
const UNRENDERED = /^#*\{\{[^{}]*\}\}$/;

/** `POST /api/v1/contact/default-reply`: what ManyChat sends when somebody has written. */
export const DefaultReplyBody = z.strictObject({
  manychat_id: ForeignId,
  username: Username,
  /** Becomes null when nobody has written: such a call only tells that an outreach went out. */
  message_content: z
    .string()
    .trim()
    .max(MAX_MESSAGE_LENGTH)
    .nullish()
    .transform((text) => (!text || UNRENDERED.test(text) ? null : text)),
  /** When it was written; now when it is absent or empty. */
  message_date: z
    .union([Instant, z.literal("")], "must be a moment with offset, such as 2026-11-22T09:30:00Z")
    .nullish()
    .transform((moment) => moment || null),
  ig_id: ForeignId.nullish(),
  /** ManyChat's own record of the contact: only `ig_id` is read. */
  manychat_data: z.looseObject({ ig_id: ForeignId.nullish() }).nullish(),
  ...ownOrganization,
});
export type DefaultReplyBody = z.infer<typeof DefaultReplyBody>;

/** Names of a contact, of which a body gives one. */
export const contactNames = {
  contact_id: Id.optional(),
  manychat_id: ForeignId.optional(),
  username: Username.optional(),
  ...ownOrganization,
};
type ContactNames = { contact_id?: unknown; manychat_id?: unknown; username?: unknown };
export const namesOne = ({ contact_id, manychat_id, username }: ContactNames): boolean =>
  [contact_id, manychat_id, username].filter((name) => name !== undefined).length === 1;
export const NAMES_ONE = {
  path: ["contact_id"],
  message: "name the contact by exactly one of: contact_id, manychat_id, username",
};

const TagNames = z.array(TagName).max(MAX_TAGS);
const TAG_CHANGES = ["add", "remove", "set"] as const;

/** `POST /api/v1/contact/update-tags-external`: `set` replaces all tags, then `remove` and `add` act on the rest. */
export const UpdateTagsBody = z
  .strictObject({
    ...contactNames,
    add: TagNames.optional(),
    remove: TagNames.optional(),
    set: TagNames.optional(),
    /** Names in `add` and `set` that are no tag yet become one; otherwise they are refused. */
    create_missing: z.boolean().default(false),
  })
  .refine(namesOne, NAMES_ONE)
  .refine((body) => TAG_CHANGES.some((name) => body[name] !== undefined), {
    path: ["add"],
    message: `name at least one of: ${TAG_CHANGES.join(", ")}`,
  });
export type UpdateTagsBody = z.infer<typeof UpdateTagsBody>;

/** What a rule added to a change, as the API tells it. */
export const AppliedAutomation = z.object({
  rule_id: Id,
  rule: z.string(),
  changed: z.enum(["stage", "status"]),
});

/** With `Prefer: wait=delivered`: how many open boards have what was committed. */
export const Delivered = z.object({ boards: z.int(), acknowledged: z.int() });
export type Delivered = z.infer<typeof Delivered>;

export const ContactStatusAnswer = z.object({
  contact_id: Id,
  manychat_id: z.string().nullable(),
  username: z.string(),
  lead_status: LeadStatus,
  stage: z.object({ id: Id, name: z.string() }),
  /** Empty when everything already had the wanted value. */
  changed: z.array(z.string()),
  automations: z.array(AppliedAutomation),
  seq: z.int(),
  delivered: Delivered.optional(),
});
export type ContactStatusAnswer = z.infer<typeof ContactStatusAnswer>;

/** `skipped`: there was no message, so nothing was changed. */
export const DefaultReplyAnswer = z.union([
  z.object({ skipped: z.literal(true) }),
  ContactStatusAnswer.extend({ skipped: z.literal(false), created: z.boolean() }),
]);
export type DefaultReplyAnswer = z.infer<typeof DefaultReplyAnswer>;

export const TagsAnswer = ContactStatusAnswer.extend({
  /** Names of all tags that the contact now has. */
  tags: z.array(z.string()),
});
export type TagsAnswer = z.infer<typeof TagsAnswer>;
