import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import mongoose, { type ClientSession } from "mongoose";
import { EventModel, toEvent, toEventRecord, type EventRecord } from "#server/activity/event.model.ts";
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

/** Events of a pipeline up to a number, in order: what is written there does not change any more. */
export async function* readEventsUpTo(pipelineId: string, head: number): AsyncGenerator<PipelineEvent> {
  const records = EventModel.collection
    .find<EventRecord>(
      { pipelineId: toObjectId(pipelineId), seq: { $lte: head } },
      { batchSize: READ_AT_ONCE },
    )
    .sort({ seq: 1 });
  for await (const record of records) yield toEvent(record);
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

/** What an organization that is to take in another one's data must not have yet. */
export async function findObstacles(organizationId: string): Promise<string[]> {
  const [contacts, removed, tags, webhooks, links] = [
    await ContactModel.countDocuments({ organizationId }),
    await RemovedContactModel.countDocuments({ organizationId }),
    await TagModel.countDocuments({ organizationId }),
    await WebhookModel.countDocuments({ organizationId }),
    await TvLinkModel.countDocuments({ organizationId }),
  ];
  return [
    ...(contacts + removed > 0 ? ["It has contacts, or had some"] : []),
    ...(tags > 0 ? ["It has tags"] : []),
    ...(webhooks > 0 ? ["It has webhooks"] : []),
    ...(links > 0 ? ["It has links for a TV"] : []),
  ];
}

const isTaken = (error: unknown): boolean => (error as { code?: number }).code === 11_000;

/** What is already in was put there by an earlier try of the same part: their ids follow from the file. */
async function insertOnce(insert: () => Promise<unknown>): Promise<void> {
  try {
    await insert();
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
}

/** Events of pipelines that nobody can open yet. */
export async function insertEvents(events: readonly PipelineEvent[], organizationId: string): Promise<void> {
  if (events.length === 0) return;
  const records = events.map((event) => toEventRecord(event, organizationId));
  await insertOnce(() => EventModel.collection.insertMany(records, { ordered: false }));
}

export async function insertContacts(contacts: readonly Contact[], organizationId: string): Promise<void> {
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
    await insertOnce(() => model.collection.insertMany(records, { ordered: false }));
  }
}

/** Takes away what an import that will not end has put in. */
export async function deleteUnopened(pipelineIds: readonly string[]): Promise<void> {
  const query = { pipelineId: { $in: pipelineIds.map(toObjectId) } };
  await ContactModel.deleteMany(query);
  await RemovedContactModel.deleteMany(query);
  await EventModel.deleteMany(query);
}

/**
 * What has come into an organization while one was being imported into it, in a word; `open` when the import has come
 * to its end before. Whatever comes changes its pipeline, which the running transaction will delete: one of both fails.
 */
export async function findStrangers(
  organizationId: string,
  pipelineIds: readonly mongoose.Types.ObjectId[],
  session: ClientSession,
): Promise<string | undefined> {
  if (await PipelineModel.exists({ _id: { $in: pipelineIds } }).session(session)) return "open";
  const elsewhere = { organizationId, pipelineId: { $nin: pipelineIds } };
  if (await ContactModel.exists(elsewhere).session(session)) return "Contacts";
  if (await RemovedContactModel.exists(elsewhere).session(session)) return "Contacts";
  if (await TagModel.exists({ organizationId }).session(session)) return "Tags";
  return undefined;
}

export type Opening = {
  organizationId: string;
  settings: OrganizationSettings | undefined;
  tags: readonly Tag[];
  pipelines: readonly PipelineRecord[];
  views: readonly ViewRecord[];
};

/** Opens what was put in: the pipelines of the file take the place of the empty ones, all at once. */
export async function openImported(opening: Opening, session: ClientSession): Promise<void> {
  const { settings, tags, pipelines, views } = opening;
  const organizationId = toObjectId(opening.organizationId);
  await PipelineModel.collection.deleteMany({ organizationId }, { session });
  await ViewModel.collection.deleteMany({ organizationId }, { session });
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
}
