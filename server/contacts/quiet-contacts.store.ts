import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import mongoose from "mongoose";
import { ContactModel, toContact, type ContactRecord } from "./contact.model.ts";

/** The last one of a page: the next page starts behind it. */
export type QuietPlace = { lastActivityAt: string; id: string };

/** Open contacts without activity since a moment, the longest quiet first. */
export async function findQuietContacts(
  pipelineId: string,
  since: Date,
  { after, limit }: { after: QuietPlace | undefined; limit: number },
): Promise<Contact[]> {
  const behind = after && {
    $or: [
      { lastActivityAt: { $gt: new Date(after.lastActivityAt) } },
      {
        lastActivityAt: new Date(after.lastActivityAt),
        _id: { $gt: new mongoose.Types.ObjectId(after.id) },
      },
    ],
  };
  const records = await ContactModel.find({
    $and: [{ pipelineId, leadStatus: "open", lastActivityAt: { $lte: since } }, behind ?? {}],
  })
    .sort({ lastActivityAt: 1, _id: 1 })
    .limit(limit)
    .lean<ContactRecord[]>();
  return records.map(toContact);
}
