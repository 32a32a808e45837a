import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { ContactModel, type ContactRecord } from "#server/contacts/contact.model.ts";

export type Named = Pick<Contact, "id" | "pipelineId" | "username" | "manychatId">;

/** Contacts of an organization, of whatever pipeline, that have one of these handles or ManyChat ids. */
export async function findNamed(
  organizationId: string,
  usernames: readonly string[],
  manychatIds: readonly string[],
): Promise<Named[]> {
  const fields = { pipelineId: 1, username: 1, manychatId: 1 } as const;
  type Found = Pick<ContactRecord, "_id" | "pipelineId" | "username" | "manychatId">;
  const find = (by: object) => ContactModel.find({ organizationId, ...by }, fields).lean<Found[]>();
  const found = await find({ username: { $in: usernames } });
  if (manychatIds.length > 0) found.push(...(await find({ manychatId: { $in: manychatIds } })));
  return found.map(({ _id, pipelineId, username, manychatId }) => ({
    id: _id.toHexString(),
    pipelineId: pipelineId.toHexString(),
    username,
    manychatId,
  }));
}
