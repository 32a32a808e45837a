import type { Contact, FollowUp, Parked, Removed } from "@dmtracker/shared/contracts/contact.ts";
import { searchTermsOf } from "@dmtracker/shared/pipeline/search-terms.ts";
import mongoose, { type Types } from "mongoose";

/** Who last changed a field, and at which version: tells an honest save from one on an old view. */
export type Touched = Partial<
  Record<
    keyof Contact,
    {
      version: number;
      by: string | null;
      name: string;
      /** Absent in what an older version has saved. */ at?: string;
    }
  >
>;

type FollowUpRecord = Omit<FollowUp, "dueAt"> & { dueAt: Date };
type ParkedRecord = Omit<Parked, "until"> & { until: Date };
type References = "id" | "pipelineId" | "stageId" | "tagIds" | "assigneeId";
type Moments = "createdAt" | "stageEnteredAt" | "statusChangedAt" | "lastActivityAt";

export type ContactRecord = Omit<
  Contact,
  References | Moments | "followUp" | "followUpStep" | "parked" | "removed"
> &
  Record<Moments, Date> & {
    _id: Types.ObjectId;
    organizationId: Types.ObjectId;
    pipelineId: Types.ObjectId;
    stageId: Types.ObjectId;
    tagIds: Types.ObjectId[];
    assigneeId: Types.ObjectId | null;
    /** Absent in contacts that were last saved before there were follow-ups, like `followUpStep`. */
    followUp?: FollowUpRecord | null;
    followUpStep?: number;
    /** Absent in contacts that were last saved before anybody could be parked. */
    parked?: ParkedRecord | null;
    /** Only where removed contacts are kept. */
    removed?: Removed | null;
    /**
     * The words it is found by. This and `lastMessageAt` follow from other fields, see `derivedOf`; absent in
     * contacts that an older version has saved, until the next start fills them.
     */
    searchTerms?: string[];
    lastMessageAt?: Date | null;
    touched: Touched;
  };

const { ObjectId, Mixed } = mongoose.Schema.Types;

const fields = {
  organizationId: ObjectId,
  pipelineId: ObjectId,
  stageId: ObjectId,
  rank: String,
  username: String,
  displayName: String,
  email: String,
  phone: String,
  manychatId: String,
  igId: String,
  value: Number,
  tagIds: [ObjectId],
  assigneeId: ObjectId,
  leadStatus: String,
  lostReason: String,
  conversationStatus: String,
  lastMessage: Mixed,
  followUp: Mixed,
  followUpStep: Number,
  parked: Mixed,
  removed: Mixed,
  source: String,
  version: Number,
  seq: Number,
  createdAt: Date,
  stageEnteredAt: Date,
  statusChangedAt: Date,
  lastActivityAt: Date,
  searchTerms: [String],
  lastMessageAt: Date,
  touched: Mixed,
} satisfies Record<Exclude<keyof Required<ContactRecord>, "_id">, unknown>;

const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
// A column in board order, page by page.
schema.index({ pipelineId: 1, stageId: 1, rank: 1, _id: 1 });
schema.index({ organizationId: 1, username: 1 }, { unique: true });
schema.index(
  { organizationId: 1, manychatId: 1 },
  { unique: true, partialFilterExpression: { manychatId: { $type: "string" } } },
);

// Follow-ups in the order in which they are due.
schema.index({ pipelineId: 1, "followUp.dueAt": 1, _id: 1 });

// Who wakes next, anywhere and in one pipeline; few are parked, and the others are not in it.
const onlyParked = { partialFilterExpression: { "parked.until": { $type: "date" } } };
schema.index({ "parked.until": 1 }, onlyParked);
schema.index({ pipelineId: 1, "parked.until": 1 }, onlyParked);

// A list that names no other order, and what was quiet for long.
schema.index({ pipelineId: 1, lastActivityAt: -1, _id: -1 });
// Search, and whatever was saved before there were search terms.
schema.index({ pipelineId: 1, searchTerms: 1 });

/**
 * Contacts that were removed, apart from the others: whatever looks for contacts, counts them or guards their names
 * cannot meet one by mistake (docs/decisions/025).
 */
const removedSchema = new mongoose.Schema(fields, { versionKey: false, strict: "throw" });
removedSchema.index({ organizationId: 1, _id: 1 });

export const RemovedContactModel = mongoose.model<ContactRecord>(
  "RemovedContact",
  removedSchema as unknown as mongoose.Schema<ContactRecord>,
  "removedcontacts",
);

export const ContactModel = mongoose.model<ContactRecord>(
  "Contact",
  schema as unknown as mongoose.Schema<ContactRecord>,
  "contacts",
);

/** What a record keeps for queries and writes alone: no need to read it for a contact that is only shown. */
export const NOT_SHOWN = { touched: 0, searchTerms: 0, lastMessageAt: 0 } as const;

/** The contact as it travels: text ids, ISO dates. */
export function toContact(record: ContactRecord): Contact {
  const {
    _id,
    organizationId: _organizationId,
    touched: _touched,
    searchTerms: _searchTerms,
    lastMessageAt: _lastMessageAt,
    ...rest
  } = record;
  return {
    ...rest,
    id: _id.toHexString(),
    pipelineId: rest.pipelineId.toHexString(),
    stageId: rest.stageId.toHexString(),
    tagIds: rest.tagIds.map((id) => id.toHexString()),
    assigneeId: rest.assigneeId?.toHexString() ?? null,
    followUp: rest.followUp ? { ...rest.followUp, dueAt: rest.followUp.dueAt.toISOString() } : null,
    followUpStep: rest.followUpStep ?? 0,
    parked: rest.parked ? { ...rest.parked, until: rest.parked.until.toISOString() } : null,
    removed: rest.removed ?? null,
    createdAt: rest.createdAt.toISOString(),
    stageEnteredAt: rest.stageEnteredAt.toISOString(),
    statusChangedAt: rest.statusChangedAt.toISOString(),
    lastActivityAt: rest.lastActivityAt.toISOString(),
  };
}

const toObjectId = (id: string) => new mongoose.Types.ObjectId(id);
const toDate = (text: string) => new Date(text);

const stored = {
  pipelineId: toObjectId,
  stageId: toObjectId,
  assigneeId: (id: string | null) => (id === null ? null : toObjectId(id)),
  tagIds: (ids: string[]) => ids.map(toObjectId),
  followUp: (followUp: FollowUp | null) => followUp && { ...followUp, dueAt: toDate(followUp.dueAt) },
  parked: (parked: Parked | null) => parked && { ...parked, until: toDate(parked.until) },
  createdAt: toDate,
  stageEnteredAt: toDate,
  statusChangedAt: toDate,
  lastActivityAt: toDate,
};

/** The stored form of contact fields; the counterpart of `toContact`. */
export function toStoredFields(fields: Partial<Contact>): Partial<ContactRecord> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name !== "id")
      .map(([name, value]) => {
        const convert = (stored as Record<string, ((value: never) => unknown) | undefined>)[name];
        return [name, convert ? convert(value as never) : value];
      }),
  );
}

const DERIVED_FROM: ReadonlySet<string> = new Set([
  "username",
  "displayName",
  "email",
  "phone",
  "lastMessage",
]);

/** Whether what is derived must be saved with these fields. */
export const touchesDerived = (names: readonly string[]): boolean =>
  names.some((name) => DERIVED_FROM.has(name));

/** What queries need and a contact does not carry: kept in its record with every save of what it follows from. */
export function derivedOf(
  contact: Pick<Contact, "username" | "displayName" | "email" | "phone" | "lastMessage">,
): Pick<ContactRecord, "searchTerms" | "lastMessageAt"> {
  return {
    searchTerms: searchTermsOf(contact),
    lastMessageAt: contact.lastMessage && new Date(contact.lastMessage.at),
  };
}
