import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import mongoose from "mongoose";
import { ContactModel, toContact, type ContactRecord } from "#server/contacts/contact.model.ts";

/** Moments from the first one to before the last, either end open. */
export type DueRange = { from?: number; to?: number };

export type WhoseFollowUps = { pipelineId: string; assigneeId?: string | null | undefined };

export type DuePlace = { dueAt: string; id: string };

function filterOf({ pipelineId, assigneeId }: WhoseFollowUps, { from, to }: DueRange) {
  return {
    pipelineId,
    "followUp.dueAt": {
      // A bound of some kind keeps contacts without a follow-up out.
      $gte: new Date(from ?? 0),
      ...(to === undefined ? {} : { $lt: new Date(to) }),
    },
    ...(assigneeId === undefined ? {} : { assigneeId }),
  };
}

/** One page in the order in which follow-ups are due, after a place when given. */
export async function findDue(
  whose: WhoseFollowUps,
  range: DueRange,
  { after, limit }: { after?: DuePlace | undefined; limit: number },
): Promise<{ contacts: Contact[]; more: boolean }> {
  const filter = filterOf(whose, range);
  const dueAt = after && new Date(after.dueAt);
  const beyond = after &&
    dueAt && {
      "followUp.dueAt": { ...filter["followUp.dueAt"], $gte: dueAt },
      $or: [
        { "followUp.dueAt": { $gt: dueAt } },
        { "followUp.dueAt": dueAt, _id: { $gt: new mongoose.Types.ObjectId(after.id) } },
      ],
    };
  const records = await ContactModel.find({ ...filter, ...beyond }, { touched: 0 })
    .sort({ "followUp.dueAt": 1, _id: 1 })
    .limit(limit + 1)
    .lean<ContactRecord[]>();
  return { contacts: records.slice(0, limit).map(toContact), more: records.length > limit };
}

export async function countDue(whose: WhoseFollowUps, range: DueRange): Promise<number> {
  return ContactModel.countDocuments(filterOf(whose, range));
}
