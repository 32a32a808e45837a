import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import mongoose, { type AnyBulkWriteOperation, type ClientSession, type Model } from "mongoose";
import {
  ContactModel,
  derivedOf,
  RemovedContactModel,
  toStoredFields,
  touchesDerived,
  type ContactRecord,
  type Touched,
} from "./contact.model.ts";

export type ContactWrite = {
  /** The contact as it was read; undefined for a new one. */
  before: Contact | undefined;
  contact: Contact;
  touched: Touched;
};

type Write = AnyBulkWriteOperation<ContactRecord>;
/** Guarded by the version that was read. */
type Guarded = ContactWrite & { before: Contact };

const whoIs = ({ contact, before }: Guarded) => ({
  _id: new mongoose.Types.ObjectId(contact.id),
  version: before.version,
});

function inserting({ contact, touched }: ContactWrite, organizationId: string): Write {
  const document = {
    _id: new mongoose.Types.ObjectId(contact.id),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    ...toStoredFields(contact),
    ...derivedOf(contact),
    touched,
  } as ContactRecord;
  return { insertOne: { document } };
}

function updating(write: Guarded): Write {
  const { before, contact, touched } = write;
  const changed = Object.fromEntries(
    Object.entries(contact).filter(([name, value]) => value !== before[name as keyof Contact]),
  );
  const derived = touchesDerived(Object.keys(changed)) ? derivedOf(contact) : {};
  const $set = { ...toStoredFields(changed), ...derived, touched };
  return { updateOne: { filter: whoIs(write), update: { $set } } };
}

const deleting = (write: Guarded): Write => ({ deleteOne: { filter: whoIs(write) } });

const wasRemoved = ({ before }: ContactWrite): boolean => before?.removed != null;

/** What must be written among the contacts that are there, or among those that were removed. */
function operationsFor(
  writes: readonly ContactWrite[],
  organizationId: string,
  amongRemoved: boolean,
): Write[] {
  const isHere = ({ contact }: ContactWrite): boolean => (contact.removed !== null) === amongRemoved;
  const [gone, changed, come]: Write[][] = [[], [], []];
  for (const write of writes) {
    const guarded = write.before && wasRemoved(write) === amongRemoved ? (write as Guarded) : undefined;
    if (guarded) (isHere(write) ? changed : gone)?.push((isHere(write) ? updating : deleting)(guarded));
    else if (isHere(write)) come?.push(inserting(write, organizationId));
  }
  // A name that one contact gives up may be another's in the same batch.
  return [...(gone ?? []), ...(changed ?? []), ...(come ?? [])];
}

async function write(
  model: Model<ContactRecord>,
  operations: Write[],
  session: ClientSession,
): Promise<boolean> {
  if (operations.length === 0) return true;
  const result = await model.collection.bulkWrite(operations as never, { session });
  return result.matchedCount + result.insertedCount + result.deletedCount === operations.length;
}

/**
 * Saves contacts inside the running transaction, each guarded by the version it was read at. Who is removed goes to
 * where removed contacts are kept, and comes back from there.
 * @returns false when one of them was changed meanwhile; the caller must abort
 */
export async function saveContacts(
  writes: readonly ContactWrite[],
  organizationId: string,
  session: ClientSession,
): Promise<boolean> {
  const removed = operationsFor(writes, organizationId, true);
  if (!(await write(RemovedContactModel, removed, session))) return false;
  return write(ContactModel, operationsFor(writes, organizationId, false), session);
}
