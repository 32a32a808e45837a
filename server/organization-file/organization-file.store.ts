import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import mongoose, { type ClientSession } from "mongoose";
import { EventModel, toEvent } from "#server/activity/event.model.ts";
import { readRecords } from "#server/activity/event.store.ts";
import { findRunningFileImports } from "#server/bulk/bulk.store.ts";
import {
  ContactModel,
  derivedOf,
  RemovedContactModel,
  toContact,
  toStoredFields,
  type ContactRecord,
} from "#server/contacts/contact.model.ts";
import { OrganizationSettingsModel } from "#server/organizations/organization-settings.model.ts";
import { PipelineModel, type PipelineRecord } from "#server/pipeline/pipeline.model.ts";
import { onSnapshot } from "#server/platform/on-snapshot.ts";
import { TagModel } from "#server/tags/tag.model.ts";
import { ViewModel, type ViewRecord } from "#server/views/view.model.ts";
import { WebhookModel } from "#server/webhooks/webhook.model.ts";
import { TvLinkModel } from "#server/wins/tv-link.model.ts";

const toObjectId = (id: string) => new mongoose.Types.ObjectId(id);
/** Few enough that others get their turn between two batches. */
const READ_AT_ONCE = 500;

/** Events of a pipeline up to a number, in order. */
export async function* readEventsUpTo(pipelineId: string, head: number): AsyncGenerator<PipelineEvent> {
  for await (const record of readRecords(pipelineId, { head }, "oldest first")) yield toEvent(record);
}

export function countEventsUpTo(pipelineId: string, head: number): Promise<number> {
  return EventModel.countDocuments({ pipelineId, seq: { $lte: head } });
}

/**
 * Every contact of an organization once, also the removed ones, by id. A page is read from both collections on one
 * snapshot, so who is removed or restored meanwhile is met neither twice nor never.
 */
export async function* readAllContacts(organizationId: string): AsyncGenerator<Contact[]> {
  for (let after: string | undefined; ;) {
    const beyond = after === undefined ? {} : { _id: { $gt: toObjectId(after) } };
    const found = await onSnapshot(async (session) => {
      const records: ContactRecord[] = [];
      for (const model of [ContactModel, RemovedContactModel]) {
        const page = model
          .find({ organizationId, ...beyond })
          .sort({ _id: 1 })
          .limit(READ_AT_ONCE)
          .session(session);
        records.push(...(await page.lean<ContactRecord[]>()));
      }
      return records;
    });
    const page = found
      .map(toContact)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, READ_AT_ONCE);
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)?.id;
  }
}

export function countRemoved(organizationId: string): Promise<number> {
  return RemovedContactModel.countDocuments({ organizationId });
}

/** What is an import's own, when it is asked at its end. */
export type OwnImport = { importId: string; pipelineIds: readonly string[]; session: ClientSession };

/** What an organization that is to take in another one's data must not have. */
export async function findObstacles(organizationId: string, own?: OwnImport): Promise<string[]> {
  const options = own ? { session: own.session } : {};
  const elsewhere = { organizationId, ...(own && { pipelineId: { $nin: own.pipelineIds.map(toObjectId) } }) };
  const running = await findRunningFileImports(organizationId, own?.session);
  const rules = {
    organizationId,
    $or: [{ "rules.0": { $exists: true } }, { "timedRules.0": { $exists: true } }],
  };
  // One after the other: a transaction answers one question at a time.
  const found: [string, boolean][] = [
    ["Another import is on its way", running.some(({ id }) => id !== own?.importId)],
    [
      "It has contacts, or had some",
      (await ContactModel.countDocuments(elsewhere, options)) +
        (await RemovedContactModel.countDocuments(elsewhere, options)) >
        0,
    ],
    ["It has tags", (await TagModel.countDocuments({ organizationId }, options)) > 0],
    ["It has more than one pipeline", (await PipelineModel.countDocuments({ organizationId }, options)) > 1],
    ["It has rules", (await PipelineModel.countDocuments(rules, options)) > 0],
    ["It has saved views", (await ViewModel.countDocuments({ organizationId }, options)) > 0],
    ["It has webhooks", (await WebhookModel.countDocuments({ organizationId }, options)) > 0],
    ["It has links for a TV", (await TvLinkModel.countDocuments({ organizationId }, options)) > 0],
  ];
  return found.filter(([, stands]) => stands).map(([why]) => why);
}

/** What an import has put in so far. */
export async function countImported(
  organizationId: string,
  { pipelineIds, session }: OwnImport,
): Promise<{ events: number; contacts: number }> {
  const query = { organizationId, pipelineId: { $in: pipelineIds.map(toObjectId) } };
  const events = await EventModel.countDocuments({ pipelineId: query.pipelineId }, { session });
  const standing = await ContactModel.countDocuments(query, { session });
  const removed = await RemovedContactModel.countDocuments(query, { session });
  return { events, contacts: standing + removed };
}

export async function insertContacts(
  contacts: readonly Contact[],
  organizationId: string,
  session: ClientSession,
): Promise<void> {
  for (const [model, some] of [
    [ContactModel, contacts.filter(({ removed }) => removed === null)],
    [RemovedContactModel, contacts.filter(({ removed }) => removed !== null)],
  ] as const) {
    if (some.length === 0) continue;
    const records = some.map(
      (contact) =>
        ({
          _id: toObjectId(contact.id),
          organizationId: toObjectId(organizationId),
          ...toStoredFields(contact),
          ...derivedOf(contact),
          touched: {},
        }) as ContactRecord,
    );
    await model.collection.insertMany(records, { session });
  }
}

/** Takes away what an import that will not end has put in. @returns false when it is open, and nothing was deleted */
export async function deleteUnopened(
  organizationId: string,
  pipelineIds: readonly string[],
): Promise<boolean> {
  const ids = pipelineIds.map(toObjectId);
  if (await PipelineModel.exists({ _id: { $in: ids } })) return false;
  const query = { pipelineId: { $in: ids } };
  await ContactModel.deleteMany(query);
  await RemovedContactModel.deleteMany({ organizationId, ...query });
  await EventModel.deleteMany(query);
  return true;
}

export type Opening = {
  organizationId: string;
  /** The empty pipeline, as it was when the import began. */
  replaced: Pick<PipelineRecord, "_id" | "seq">;
  settings: OrganizationSettings | undefined;
  tags: readonly Tag[];
  pipelines: readonly PipelineRecord[];
  views: readonly ViewRecord[];
};

/**
 * Opens what was put in: the pipelines of the file take the place of the empty one, all at once. Whatever else is
 * decided meanwhile changes that pipeline, so one of both fails.
 * @returns false when it was changed since: the caller must abort
 */
export async function openImported(opening: Opening, session: ClientSession): Promise<boolean> {
  const { replaced, settings, tags, pipelines, views } = opening;
  const organizationId = toObjectId(opening.organizationId);
  const { deletedCount } = await PipelineModel.collection.deleteOne(
    { ...replaced, organizationId },
    { session },
  );
  if (deletedCount === 0) return false;
  await PipelineModel.collection.insertMany([...pipelines], { session });
  if (views.length > 0) await ViewModel.collection.insertMany([...views], { session });
  if (tags.length > 0) {
    const records = tags.map(({ id, name, colour }) => ({
      _id: toObjectId(id),
      organizationId,
      name,
      key: name.trim().toLowerCase(),
      colour,
    }));
    await TagModel.collection.insertMany(records, { session });
  }
  if (settings) {
    await OrganizationSettingsModel.collection.updateOne(
      { _id: organizationId },
      { $set: settings },
      { upsert: true, session },
    );
  }
  return true;
}
