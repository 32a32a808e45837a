import { EventModel } from "@dmtracker/server/activity/event.model.ts";
import { findLines, findSeqAt } from "@dmtracker/server/activity/activity.store.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { saveSettings } from "@dmtracker/server/organizations/organization-settings.store.ts";
import type { ActivityStreamPage } from "@dmtracker/shared/contracts/activity.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import mongoose from "mongoose";
import { expect, test } from "vitest";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

const byOwner = ({ owner }: TestOrganization) => ({ type: "user" as const, id: owner.id, name: owner.name });

async function add(organization: TestOrganization, username: string, ...changes: ContactChange[]) {
  const { id: organizationId, pipeline } = organization;
  const actor = byOwner(organization);
  const contact = { username, source: "user" as const };
  const { contactId } = await createContact(server.context, {
    organizationId,
    pipelineId: pipeline.id,
    actor,
    contact,
  });
  for (const change of changes) {
    await changeContact(server.context, { organizationId, contactId, change, actor });
  }
  return contactId;
}

const read = ({ token }: TestOrganization, query = "", path = "/activity") =>
  call<ActivityStreamPage>(server.url, "GET", `${path}?${query}`, { token });

/** All pages, each asked for with the `next` of the one before. */
async function readAll(
  organization: TestOrganization,
  query: string,
  { path, from }: { path?: string; from?: number | null } = {},
) {
  const lines = [];
  for (let next = from; next !== null;) {
    const { body } = await read(organization, `${query}${next ? `&before=${next}` : ""}`, path);
    lines.push(...body.data.events);
    next = body.data.next;
  }
  return lines;
}

const sent = (text: string): ContactChange => ({
  message: { direction: "out", text, at: new Date().toISOString() },
});

test("[AC1] lines are of the kinds and actors that are asked for, newest first", async () => {
  const organization = await server.anOrganization();
  const { token } = organization;
  const contactId = await add(organization, "kim.fit", sent("hi"), { note: "call her" }, { value: 10 });
  await call(server.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: contactId, status: "won" },
  });
  const all = await readAll(organization, "limit=2");
  expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => b - a));
  const types = async (query: string, path?: string) =>
    (await readAll(organization, query, path ? { path } : {})).map(({ type }) => type);
  const wanted = ["contact.note_added", "contact.message_logged"];
  expect(await types("kind=notes,messages")).toEqual(wanted);
  expect(await types("kind=notes,messages&limit=1", `/contacts/${contactId}/activity`)).toEqual(wanted);
  expect(await types("actor=api&kind=outcome")).toEqual(["contact.status_changed"]);
  expect(await types("actor=api", `/contacts/${contactId}/activity`)).toEqual(await types("actor=api"));
  expect(await types("actor=automation")).toEqual([]);
  const { body } = await read(organization, "kind=gossip");
  expect(body).toMatchObject({ code: "invalid", issues: [{ path: "kind.0" }] });
});

test("[AC2] the stream takes the filters of contacts, few or many of them", async () => {
  const organization = await server.anOrganization();
  const { member } = organization;
  const won = await add(organization, "won.one", { status: "won", value: 5 });
  for (let index = 0; index < 45; index += 1) {
    await add(organization, `mine.${index}`, { assigneeId: member.id });
  }
  const few = await readAll(organization, "status=won");
  expect(few.map(({ type }) => type)).toEqual(["contact.status_changed", "contact.created"]);
  expect(few.every(({ contactId }) => contactId === won)).toBe(true);
  expect(await readAll(organization, "q=won.one&kind=new")).toHaveLength(1);
  const many = await readAll(organization, `assignee=${member.id}&kind=fields&limit=7`);
  expect(many).toHaveLength(45);
  expect(new Set(many.map(({ contactId }) => contactId)).size).toBe(45);
  expect((await read(organization, "colour=red")).status).toBe(400);
});

test("[AC3] pages hold every line once while others write", async () => {
  const organization = await server.anOrganization();
  const contactId = await add(organization, "busy", ...[1, 2, 3, 4, 5, 6].map((n) => sent(String(n))));
  const before = await readAll(organization, "limit=200");
  const first = await read(organization, "limit=3");
  const writing = changeContact(server.context, {
    organizationId: organization.id,
    contactId,
    change: { note: "meanwhile" },
    actor: byOwner(organization),
  });
  const rest = await readAll(organization, "limit=3", { from: first.body.data.next });
  await writing;
  expect([...first.body.data.events, ...rest].map(({ seq }) => seq)).toEqual(before.map(({ seq }) => seq));
  expect((await read(organization, "limit=1")).body.data.events[0]?.type).toBe("contact.note_added");
});

test("[AC3] in a long log every way of reading follows an index, and what is rare is found at once", async () => {
  const organization = await server.anOrganization();
  const { id, pipeline } = organization;
  const contactId = new mongoose.Types.ObjectId();
  const start = Date.UTC(2026, 0, 1);
  const total = 20_000;
  const records = Array.from({ length: total }, (_, index) => ({
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(id),
    pipelineId: new mongoose.Types.ObjectId(pipeline.id),
    seq: 1_000 + index,
    type: index === 5 ? "contact.note_added" : "contact.message_logged",
    contactId,
    username: "kim",
    before: {},
    after: {},
    actor: { type: index === 7 ? "api" : "user", id: null, name: "Ana" },
    cause: null,
    batchId: "b",
    at: new Date(start + index * 60_000),
  }));
  await EventModel.collection.insertMany(records);
  const lines = await findLines({ pipelineId: pipeline.id }, { kinds: ["notes"] }, { limit: 10 });
  expect(lines.map(({ seq }) => seq)).toEqual([1_005]);
  const ofApi = await findLines({ pipelineId: pipeline.id }, { actors: ["api"] }, { limit: 10 });
  expect(ofApi.map(({ seq }) => seq)).toEqual([1_007]);
  expect(await findSeqAt(pipeline.id, start + 4_321 * 60_000)).toBe(1_000 + 4_321);
  expect(await findSeqAt(pipeline.id, start + total * 60_000)).toBe(1_000 + total);
  expect(await findSeqAt(pipeline.id, 0)).toBe(0);

  const pipelineId = new mongoose.Types.ObjectId(pipeline.id);
  const plans = [
    { pipelineId, seq: { $lt: 9_000 } },
    { pipelineId, type: "contact.note_added", "actor.type": "user", seq: { $lt: 9_000 } },
    { contactId, seq: { $lt: 9_000 } },
  ];
  for (const query of plans) {
    const plan = await EventModel.collection.find(query).sort({ seq: -1 }).limit(50).explain();
    const text = JSON.stringify(plan);
    expect(text).toContain("IXSCAN");
    expect(text).not.toContain("COLLSCAN");
    expect(text).not.toContain('"SORT"');
  }
});

test("[AC4] a day is the organization's, on the stream and on a contact's page", async () => {
  const organization = await server.anOrganization();
  await saveSettings(organization.id, { timeZone: "Asia/Tokyo" });
  const { id: organizationId, pipeline } = organization;
  const actor = byOwner(organization);
  const at = (text: string) => new Date(text);
  const { contactId } = await createContact(server.context, {
    organizationId,
    pipelineId: pipeline.id,
    actor,
    contact: { username: "old.one", source: "user" },
    at: at("2026-03-01T10:00:00Z"),
  });
  const change = (note: string, moment: string) =>
    changeContact(server.context, { organizationId, contactId, change: { note }, actor, at: at(moment) });
  await change("evening of the 5th there", "2026-03-05T14:59:59Z");
  await change("morning of the 6th there", "2026-03-05T15:00:00Z");
  const notes = (events: ActivityStreamPage["events"]) => events.map(({ after }) => after.note);
  expect(notes(await readAll(organization, "until=2026-03-05&kind=notes"))).toEqual([
    "evening of the 5th there",
  ]);
  const own = await readAll(organization, "until=2026-03-06&kind=notes", {
    path: `/contacts/${contactId}/activity`,
  });
  expect(notes(own)).toEqual(["morning of the 6th there", "evening of the 5th there"]);
});

test("[TN1] [AC2] another organization's history is not there", async () => {
  const [ours, theirs] = [await server.anOrganization(), await server.anOrganization()];
  const contactId = await add(theirs, "secret");
  expect((await read(ours)).body.data.events).toEqual([]);
  expect((await read(ours, "", `/contacts/${contactId}/activity`)).status).toBe(404);
  expect((await read(ours, `pipeline_id=${theirs.pipeline.id}`)).status).toBe(404);
});
