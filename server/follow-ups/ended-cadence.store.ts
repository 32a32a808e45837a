import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import mongoose from "mongoose";
import { ContactModel, NOT_SHOWN, toContact, type ContactRecord } from "#server/contacts/contact.model.ts";
import type { WhoseFollowUps } from "./follow-up.store.ts";

/** Whom `isOfferedForAbandoned` means, as a query. A cadence without steps never ends. */
const offered = ({ pipelineId, conditions }: WhoseFollowUps, steps: number) => ({
  $and: [
    {
      pipelineId,
      leadStatus: "open" as const,
      conversationStatus: "no_reply" as const,
      followUp: null,
      parked: null,
      followUpStep: steps === 0 ? { $in: [] } : { $gt: steps },
    },
    ...conditions,
  ],
});

/** Those whose cadence is over, in the order in which they came, and how many they are. */
export async function findEnded(
  whose: WhoseFollowUps,
  steps: number,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<{ contacts: Contact[]; more: boolean; count: number }> {
  const query = offered(whose, steps);
  const place = after === undefined ? [] : [{ _id: { $gt: new mongoose.Types.ObjectId(after) } }];
  const [records, count] = await Promise.all([
    ContactModel.find({ $and: [...query.$and, ...place] }, NOT_SHOWN)
      .sort({ _id: 1 })
      .limit(limit + 1)
      .lean<ContactRecord[]>(),
    ContactModel.countDocuments(query),
  ]);
  return { contacts: records.slice(0, limit).map(toContact), more: records.length > limit, count };
}
