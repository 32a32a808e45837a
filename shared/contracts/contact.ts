import { z } from "zod";
import { ConversationStatus, LeadStatus } from "./lead-status.ts";
import { MAX_TAGS } from "./limits.ts";
import { Actor } from "./people.ts";
import { Id, Instant } from "./primitives.ts";

export const MAX_MESSAGE_LENGTH = 4_000;
export const MAX_NOTE_LENGTH = 10_000;
export const MAX_VALUE = 1_000_000_000;

/** An Instagram handle as it is stored: lower case, no leading `@`, no spaces around it. */
export const Username = z
  .string()
  .transform((text) => text.trim().replace(/^@+/, "").trim().toLowerCase())
  .pipe(
    z
      .string()
      .min(1, "must not be empty")
      .max(60, "must have at most 60 characters")
      .regex(/^[^\s@/]+$/, "must not contain spaces, @ or /"),
  );

export const MessageDirection = z.enum(["in", "out"]);
export type MessageDirection = z.infer<typeof MessageDirection>;

export const Message = z.object({
  direction: MessageDirection,
  text: z.string().trim().min(1).max(MAX_MESSAGE_LENGTH),
  at: Instant,
});
export type Message = z.infer<typeof Message>;

export const MAX_FOLLOW_UP_NOTE_LENGTH = 500;

/** The next moment to write again. */
export const FollowUp = z.object({
  dueAt: Instant,
  note: z.string().nullable(),
  /** Step of the cadence, from 1; 0 answers a reply; null was set by hand. */
  step: z.int().min(0).nullable(),
});
export type FollowUp = z.infer<typeof FollowUp>;

const FollowUpNote = z.string().trim().min(1).max(MAX_FOLLOW_UP_NOTE_LENGTH);

/** What a person does with a follow-up; null removes it without calling it done. */
export const FollowUpChange = z
  .discriminatedUnion("act", [
    /** An absent note stays what it was, null clears it. */
    z.strictObject({
      act: z.literal("schedule"),
      dueAt: Instant,
      note: FollowUpNote.nullable().optional(),
    }),
    z.strictObject({ act: z.literal("complete") }),
    z.strictObject({ act: z.literal("snooze"), until: Instant }),
    /** Begins the cadence anew, with a message that is due now. */
    z.strictObject({ act: z.literal("restart") }),
  ])
  .nullable();
export type FollowUpChange = z.infer<typeof FollowUpChange>;

export const MAX_PARK_REASON_LENGTH = 200;

/** Left alone until a moment: still Open, asked of nobody meanwhile. Past its moment it is parked no more. */
export const Parked = z.object({ until: Instant, reason: z.string().nullable() });
export type Parked = z.infer<typeof Parked>;

/** null wakes the contact now. */
export const ParkedChange = z
  .strictObject({
    until: Instant,
    reason: z.string().trim().min(1).max(MAX_PARK_REASON_LENGTH).nullable().default(null),
  })
  .nullable();

/** Taken off every board, list and report by somebody; its history stays, and it can be restored. */
export const Removed = z.object({ at: Instant, by: Actor });
export type Removed = z.infer<typeof Removed>;

/** How a contact came in. */
export const ContactSource = z.enum(["user", "api", "import", "demo"]);
export type ContactSource = z.infer<typeof ContactSource>;

export const DisplayName = z.string().trim().min(1).max(120);
export const Email = z.email().max(254);
export const Phone = z.string().trim().min(3).max(40);
/** Whole cents: sums of anything finer are not the same in every order. */
export const DealValue = z.number().min(0).max(MAX_VALUE).multipleOf(0.01, "must have at most two decimals");
export const LostReason = z.string().trim().min(1).max(200);
export const ManychatId = z.string().trim().min(1).max(64);
export const IgId = z.string().trim().min(1).max(64);

export const Contact = z.object({
  id: Id,
  pipelineId: Id,
  stageId: Id,
  /** Place in its stage: smaller is higher on the board, ties break by id. */
  rank: z.string(),
  username: z.string(),
  displayName: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  manychatId: z.string().nullable(),
  igId: z.string().nullable(),
  /** Deal value in the organization's currency. */
  value: z.number().nullable(),
  tagIds: z.array(Id),
  assigneeId: Id.nullable(),
  leadStatus: LeadStatus,
  lostReason: z.string().nullable(),
  conversationStatus: ConversationStatus.nullable(),
  lastMessage: Message.nullable(),
  followUp: FollowUp.nullable(),
  /** Messages sent since the last reply: the step of the cadence that was reached. */
  followUpStep: z.int().min(0),
  parked: Parked.nullable(),
  /** null while it is there. */
  removed: Removed.nullable(),
  source: ContactSource,
  /** Grows by one with every saved change of this contact. */
  version: z.int(),
  /** `seq` of the last event that changed this contact. */
  seq: z.int(),
  createdAt: Instant,
  stageEnteredAt: Instant,
  statusChangedAt: Instant,
  lastActivityAt: Instant,
});
export type Contact = z.infer<typeof Contact>;

/** Fields that a person edits as plain values. */
export const ContactFields = z.strictObject({
  username: Username.optional(),
  displayName: DisplayName.nullable().optional(),
  email: Email.nullable().optional(),
  phone: Phone.nullable().optional(),
  manychatId: ManychatId.nullable().optional(),
  igId: IgId.nullable().optional(),
});
export type ContactFields = z.infer<typeof ContactFields>;

/**
 * One wish to change a contact, whatever the door. Fields that are absent stay as they are.
 * `before` and `after` name the contacts that should end up directly below and above.
 */
export const ContactChange = z.strictObject({
  ...ContactFields.shape,
  stageId: Id.optional(),
  before: Id.nullable().optional(),
  after: Id.nullable().optional(),
  status: LeadStatus.optional(),
  lostReason: LostReason.nullable().optional(),
  value: DealValue.nullable().optional(),
  assigneeId: Id.nullable().optional(),
  tags: z
    .strictObject({
      add: z.array(Id).max(MAX_TAGS).optional(),
      remove: z.array(Id).max(MAX_TAGS).optional(),
      set: z.array(Id).max(MAX_TAGS).optional(),
    })
    .optional(),
  message: Message.optional(),
  note: z.string().trim().min(1).max(MAX_NOTE_LENGTH).optional(),
  followUp: FollowUpChange.optional(),
  parked: ParkedChange.optional(),
  /** true removes the contact, false restores it. Named alone. */
  removed: z.boolean().optional(),
});
export type ContactChange = z.infer<typeof ContactChange>;

/** What a new contact starts with. `id` is made by the caller so that a retry names the same contact. */
export const NewContact = z.strictObject({
  ...ContactFields.shape,
  username: Username,
  id: Id,
  source: ContactSource,
  stageId: Id.optional(),
  status: LeadStatus.optional(),
  lostReason: LostReason.nullable().optional(),
  value: DealValue.nullable().optional(),
  assigneeId: Id.nullable().optional(),
  tagIds: z.array(Id).max(MAX_TAGS).optional(),
  message: Message.optional(),
});
export type NewContact = z.infer<typeof NewContact>;
