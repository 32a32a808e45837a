import { z } from "zod";
import {
  DealValue,
  DisplayName,
  Email,
  LostReason,
  MAX_MESSAGE_LENGTH,
  MAX_TAGS,
  Phone,
  Username,
} from "./contact.ts";
import { LeadStatus } from "./lead-status.ts";
import { StageName } from "./pipeline.ts";
import { Id } from "./primitives.ts";

/** ManyChat sends its ids as numbers or as text. */
const ForeignId = z
  .union([z.string().trim().min(1).max(64), z.int().min(0)])
  .transform((value) => String(value))
  .describe("text or number");

export const TagName = z.string().trim().min(1).max(40);

const CHANGES = ["status", "stage", "stage_id", "lost_reason", "value"] as const;

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
    /** Only accepted when it is the token's own organization. */
    organization_id: Id.optional(),
    page_name: z.string().optional(),
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
    tags: z.array(TagName).max(MAX_TAGS).optional(),
    stage: StageName.optional(),
    stage_id: Id.optional(),
    status: LeadStatus.optional(),
    lost_reason: LostReason.nullable().optional(),
    message_content: z.string().max(MAX_MESSAGE_LENGTH).optional(),
    pipeline_id: Id.optional(),
    organization_id: Id.optional(),
    page_name: z.string().optional(),
  })
  .refine(({ stage, stage_id }) => !(stage && stage_id), {
    path: ["stage"],
    message: "name the stage by either stage or stage_id, not both",
  });
export type CreateContactBody = z.infer<typeof CreateContactBody>;

/** What a rule added to a change, as the API tells it. */
export const AppliedAutomation = z.object({
  rule_id: Id,
  rule: z.string(),
  changed: z.enum(["stage", "status"]),
});

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
});
export type ContactStatusAnswer = z.infer<typeof ContactStatusAnswer>;
