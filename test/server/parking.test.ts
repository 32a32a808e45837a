import { findLines } from "@dmtracker/server/activity/activity.store.ts";
import { startApplication } from "@dmtracker/server/app.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { wakeParked } from "@dmtracker/server/follow-ups/wake-parked.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import mongoose from "mongoose";
import { afterAll, expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();
const other = await startApplication({
  env: { ...server.context.env, publicUrl: undefined, port: 0 },
  authSecret: server.context.env.authSecret,
  wakeMs: 3_600_000,
});
afterAll(() => other.stop());

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
/** A process whose clock shows a later moment. */
const later = (context: typeof server.context, days: number) => ({
  ...context,
  now: () => new Date(Date.now() + days * DAY_MS),
});

async function add({ id: organizationId, pipeline, owner }: TestOrganization, change: ContactChange) {
  const actor = { type: "user" as const, id: owner.id, name: owner.name };
  const { contactId } = await createContact(server.context, {
    organizationId,
    pipelineId: pipeline.id,
    actor,
    contact: {
      username: `lead.${new mongoose.Types.ObjectId().toHexString()}`,
      source: "user",
      manychatId: undefined,
    },
  });
  await changeContact(server.context, { organizationId, contactId, change, actor });
  return contactId;
}

const park = (days: number, reason: string | null = null): ContactChange => ({
  parked: { until: inDays(days), reason },
});

const wakings = async (contactId: string) =>
  (await findLines({ contactId: contactId }, {}, { limit: 200 })).filter(
    ({ type }) => type === "contact.woke",
  );

test("[PK2] two processes wake a contact once, with one line of history by the system", async () => {
  const organization = await server.anOrganization();
  const ids = await Promise.all([1, 1, 1, 2].map((days) => add(organization, park(days, "holiday"))));
  const [a, b] = [later(server.context, 1.5), later(other.context, 1.5)];
  await Promise.all([wakeParked(a), wakeParked(b), wakeParked(a), wakeParked(b)]);
  for (const id of ids.slice(0, 3)) {
    const lines = await wakings(id);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ actor: { type: "system" }, before: { parked: { reason: "holiday" } } });
  }
  expect(await wakings(ids[3] ?? "")).toEqual([]);
});

test("[PK2] contacts that cannot be woken, however many, keep nobody else asleep", async () => {
  const organization = await server.anOrganization();
  const stuck = await add(organization, park(1));
  const wakes = await add(organization, park(2));
  const record = await ContactModel.findById(stuck).lean();
  // Without a pipeline there is no log that could say it: as many as one round takes, and due before the other one.
  const pipelineId = new mongoose.Types.ObjectId();
  const copies = Array.from({ length: 200 }, (_, index) => {
    const _id = new mongoose.Types.ObjectId();
    return { ...record, _id, pipelineId, username: `stuck.${index}` } as never;
  });
  await ContactModel.collection.insertMany(copies);
  await wakeParked(later(server.context, 2.5));
  expect(await wakings(wakes)).toHaveLength(1);
  await ContactModel.deleteMany({ pipelineId });
});

test("[PK2] a contact that was parked anew between finding and waking stays parked", async () => {
  const organization = await server.anOrganization();
  const { id: organizationId, owner } = organization;
  const contactId = await add(organization, park(1));
  const actor = { type: "user" as const, id: owner.id, name: owner.name };
  const slow = later(server.context, 1.5);
  await Promise.all([
    changeContact(server.context, { organizationId, contactId, change: park(30), actor }),
    wakeParked(slow),
  ]);
  await wakeParked(slow);
  const [contact] = await ContactModel.find({ _id: contactId }).lean();
  expect(contact?.parked?.until.getTime()).toBeGreaterThan(Date.now() + 29 * DAY_MS);
});

test("[PK2] an open board hears of a waking like of every change", async () => {
  const organization = await server.anOrganization();
  const contactId = await add(organization, park(1));
  const client = new BoardClient(server.url, organization.member.cookie, organization.pipeline.id);
  await client.open();
  expect(client.contacts.get(contactId)?.parked).not.toBeNull();
  await wakeParked(later(server.context, 2));
  await eventually(() => expect(client.contacts.get(contactId)?.parked).toBeNull());
  client.close();
});

test("[PK1] follow-ups and lists leave parked contacts alone and count them", async () => {
  const organization = await server.anOrganization();
  const { token, member } = organization;
  const due: ContactChange = { followUp: { act: "schedule", dueAt: inDays(-1) }, assigneeId: member.id };
  const awake = await add(organization, due);
  const asleep = await add(organization, due);
  await changeContact(server.context, {
    organizationId: organization.id,
    contactId: asleep,
    change: park(9, "moving house"),
    actor: { type: "user", id: member.id, name: member.name },
  });
  const { body } = await call<FollowUpsPage>(server.url, "GET", "/follow-ups", { token });
  expect(body.data.contacts.map(({ id }) => id)).toEqual([awake]);
  expect(body.data).toMatchObject({ totals: { overdue: 1, today: 0, upcoming: 0 }, parked: 1 });
  const list = (query: string) => call<ContactListPage>(server.url, "GET", `/contacts?${query}`, { token });
  expect((await list("parked=yes")).body.data.contacts).toMatchObject([
    { id: asleep, leadStatus: "open", parked: { reason: "moving house" } },
  ]);
  expect((await list("parked=no")).body.data.contacts.map(({ id }) => id)).toEqual([awake]);
  expect((await list("parked=maybe")).status).toBe(400);
});

test("[PK3] a default reply wakes in the batch of its message, and makes the contact due now", async () => {
  const organization = await server.anOrganization();
  const { token } = organization;
  const contactId = await add(organization, { manychatId: "4711", ...park(20) });
  const [{ username } = { username: "" }] = await ContactModel.find({ _id: contactId }).lean();
  await call(server.url, "POST", "/contact/default-reply", {
    token,
    body: { manychat_id: "4711", username, message_content: "I am back" },
  });
  const [woke] = await wakings(contactId);
  const events = await findLines({ contactId: contactId }, {}, { limit: 20 });
  const message = events.find(({ type }) => type === "contact.message_logged");
  expect(woke).toMatchObject({ batchId: message?.batchId, cause: { seq: message?.seq } });
  const { body } = await call<FollowUpsPage>(server.url, "GET", "/follow-ups?group=today", { token });
  expect(body.data.contacts.map(({ id }) => id)).toContain(contactId);
});

test("[PK5] programs park and wake by any name of a contact, with the reason, and are refused in their words", async () => {
  const organization = await server.anOrganization();
  const contactId = await add(organization, {});
  const { token } = organization;
  const tell = (body: object) => call(server.url, "PATCH", "/contact/parking", { token, body });
  const until = inDays(30);
  const parked = await tell({ contact_id: contactId, parked: { until, reason: "On holiday" } });
  expect([parked.status, parked.body.data.changed]).toEqual([200, ["parked"]]);
  const record = await ContactModel.findById(contactId).lean();
  expect(record?.parked).toMatchObject({ until: new Date(until), reason: "On holiday" });
  const again = await tell({ contact_id: contactId, parked: { until, reason: "On holiday" } });
  expect(again.body.data.changed).toEqual([]);
  const woken = await tell({ username: record?.username, parked: null });
  expect([woken.status, woken.body.data.changed]).toEqual([200, ["parked"]]);

  const past = await tell({ contact_id: contactId, parked: { until: inDays(-1) } });
  expect(past.body).toMatchObject({ code: "invalid", issues: [{ path: "parked" }] });
  const nameless = await tell({ parked: null });
  expect(nameless.body).toMatchObject({ code: "invalid", issues: [{ path: "contact_id" }] });
  const stranger = await server.anOrganization();
  const foreign = await call(server.url, "PATCH", "/contact/parking", {
    token: stranger.token,
    body: { contact_id: contactId, parked: null },
  });
  expect(foreign.status).toBe(404);
});
