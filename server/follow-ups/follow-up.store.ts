import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import mongoose, { type QueryFilter } from "mongoose";
import { awakeAt, parkedAt } from "#server/contacts/contact-query.ts";
import { ContactModel, NOT_SHOWN, toContact, type ContactRecord } from "#server/contacts/contact.model.ts";

export type DueToWake = { organizationId: string; contactId: string; pipelineId: string };

/** Contacts that are parked and whose moment has come, the longest waiting first; whoever's they are. */
export async function findDueToWake(
  now: Date,
  limit: number,
  without: { contactIds?: readonly string[]; pipelineIds?: readonly string[] } = {},
): Promise<DueToWake[]> {
  const { contactIds = [], pipelineIds = [] } = without;
  const records = await ContactModel.find(
    {
      "parked.until": { $lte: now, $type: "date" },
      ...(contactIds.length > 0 && { _id: { $nin: [...contactIds] } }),
      ...(pipelineIds.length > 0 && { pipelineId: { $nin: [...pipelineIds] } }),
    },
    { organizationId: 1, pipelineId: 1 },
  )
    .sort({ "parked.until": 1 })
    .limit(limit)
    .lean<Pick<ContactRecord, "_id" | "organizationId" | "pipelineId">[]>();
  return records.map(({ _id, organizationId, pipelineId }) => ({
    organizationId: organizationId.toHexString(),
    contactId: _id.toHexString(),
    pipelineId: pipelineId.toHexString(),
  }));
}

/** Moments from the first one to before the last, either end open. */
export type DueRange = { from?: number; to?: number };

/** Whose follow-ups: those of a pipeline that meet all conditions of a filter. */
export type WhoseFollowUps = { pipelineId: string; conditions: QueryFilter<ContactRecord>[]; now: Date };

export type DuePlace = { dueAt: string; id: string };

const matching = ({ pipelineId, conditions }: WhoseFollowUps) => ({
  pipelineId,
  ...(conditions.length === 0 ? {} : { $and: conditions }),
});

/** A bound of some kind keeps contacts without a follow-up out. */
const dueWithin = ({ from, to }: DueRange) => ({
  $gte: new Date(from ?? 0),
  ...(to === undefined ? {} : { $lt: new Date(to) }),
});

/** One page in the order in which follow-ups are due, after a place when given. */
export async function findDue(
  whose: WhoseFollowUps,
  range: DueRange,
  { after, limit }: { after?: DuePlace | undefined; limit: number },
): Promise<{ contacts: Contact[]; more: boolean }> {
  // Who is parked is left alone [PK1].
  const filter = { ...matching(whose), ...awakeAt(whose.now), "followUp.dueAt": dueWithin(range) };
  const dueAt = after && new Date(after.dueAt);
  const beyond = after &&
    dueAt && {
      "followUp.dueAt": { ...filter["followUp.dueAt"], $gte: dueAt },
      $or: [
        { "followUp.dueAt": { $gt: dueAt } },
        { "followUp.dueAt": dueAt, _id: { $gt: new mongoose.Types.ObjectId(after.id) } },
      ],
    };
  const records = await ContactModel.find({ ...filter, ...beyond }, NOT_SHOWN)
    .sort({ "followUp.dueAt": 1, _id: 1 })
    .limit(limit + 1)
    .lean<ContactRecord[]>();
  return { contacts: records.slice(0, limit).map(toContact), more: records.length > limit };
}

export async function countParked(whose: WhoseFollowUps): Promise<number> {
  return ContactModel.countDocuments({ ...matching(whose), ...parkedAt(whose.now) });
}

/** Two counts that indexes answer: nobody is read to see whether they are parked. */
export async function countDue(whose: WhoseFollowUps, range: DueRange): Promise<number> {
  const due = { ...matching(whose), "followUp.dueAt": dueWithin(range) };
  const [all, parked] = await Promise.all([
    ContactModel.countDocuments(due),
    ContactModel.countDocuments({ ...due, ...parkedAt(whose.now) }),
  ]);
  return all - parked;
}
