import { findLines } from "@dmtracker/server/activity/activity.store.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { saveSettings } from "@dmtracker/server/organizations/organization-settings.store.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { dueInDays } from "@dmtracker/shared/pipeline/follow-ups.ts";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call, type CallOptions } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

type ReplyAnswer = ContactStatusAnswer & { skipped: boolean; created?: boolean };

const reply = (organization: TestOrganization, body: unknown, options: CallOptions = {}) =>
  call<ReplyAnswer>(server.url, "POST", "/contact/default-reply", {
    token: organization.token,
    body,
    ...options,
  });

const list = (organization: TestOrganization, query = "") =>
  call<FollowUpsPage>(server.url, "GET", `/follow-ups${query}`, { token: organization.token });

async function loadContact({ token }: TestOrganization, contactId: string): Promise<Contact> {
  const { body } = await call<{ contact: Contact }>(server.url, "GET", `/contacts/${contactId}`, { token });
  return body.data.contact;
}

const byOwner = ({ owner }: TestOrganization) => ({ type: "user" as const, id: owner.id, name: owner.name });

async function add(
  organization: TestOrganization,
  username: string,
  change?: ContactChange,
): Promise<string> {
  const { id: organizationId, pipeline } = organization;
  const actor = byOwner(organization);
  const { contactId } = await createContact(server.context, {
    organizationId,
    pipelineId: pipeline.id,
    actor,
    contact: { username, source: "user" },
  });
  if (change) await changeContact(server.context, { organizationId, contactId, change, actor });
  return contactId;
}

const dueIn = (days: number): ContactChange => ({
  followUp: { act: "schedule", dueAt: dueInDays(Date.now(), days, "UTC") },
});

test("[FU8] the list is in the order in which things are due, by group, page and assignee, with exact totals", async () => {
  const organization = await server.anOrganization();
  const { member } = organization;
  for (const [name, days] of [
    ["c", 2],
    ["a", -3],
    ["b", 0],
    ["d", 40],
    ["e", -1],
  ] as const)
    await add(organization, name, {
      ...dueIn(days),
      ...(name === "d" || name === "a" ? { assigneeId: member.id } : {}),
    });
  await add(organization, "free");
  const all = await list(organization);
  expect(all.status).toBe(200);
  expect(all.body.data.contacts.map(({ username }) => username)).toEqual(["a", "e", "b", "c", "d"]);
  expect(all.body.data).toMatchObject({
    totals: { overdue: 2, today: 1, upcoming: 2 },
    next: null,
    timeZone: "UTC",
    seq: 13,
  });
  const names = async (query: string) =>
    (await list(organization, query)).body.data.contacts.map(({ username }) => username);
  expect(await names("?group=overdue")).toEqual(["a", "e"]);
  expect(await names("?group=today")).toEqual(["b"]);
  expect(await names("?group=upcoming")).toEqual(["c", "d"]);
  expect(await names(`?assignee=${member.id}`)).toEqual(["a", "d"]);
  expect(await names("?assignee=nobody&group=upcoming")).toEqual(["c"]);
  // Any filter, next to the group: totals are of what matches.
  expect(await names("?q=c&group=upcoming")).toEqual(["c"]);
  expect(await names("?status=won")).toEqual([]);
  expect((await list(organization, "?q=a")).body.data.totals).toEqual({ overdue: 1, today: 0, upcoming: 0 });
  const mine = (await list(organization, `?assignee=${member.id}`)).body.data;
  expect(mine.totals).toEqual({ overdue: 1, today: 0, upcoming: 1 });
  const walked: string[] = [];
  let cursor = "";
  for (let page = 0; page < 9; page += 1) {
    const { contacts, next } = (await list(organization, `?limit=2${cursor && `&cursor=${cursor}`}`)).body
      .data;
    walked.push(...contacts.map(({ username }) => username));
    if (!next) break;
    cursor = next;
  }
  expect(walked).toEqual(["a", "e", "b", "c", "d"]);
});

test("[FU6] groups follow the organization's time zone", async () => {
  const organization = await server.anOrganization();
  await saveSettings(organization.id, { timeZone: "Pacific/Kiritimati" });
  await add(organization, "kim", {
    followUp: { act: "schedule", dueAt: dueInDays(Date.now(), 0, "Pacific/Kiritimati") },
  });
  const { body } = await list(organization, "?group=today");
  expect(body.data).toMatchObject({
    timeZone: "Pacific/Kiritimati",
    totals: { overdue: 0, today: 1, upcoming: 0 },
  });
});

test("[API1] [TN1] bad input is named, and another organization's follow-ups are not there", async () => {
  const organization = await server.anOrganization();
  const other = await server.anOrganization();
  await add(other, "theirs", dueIn(0));
  for (const [query, path] of [
    ["?group=later", "group"],
    ["?assignee=me", "assignee"],
    ["?cursor=nonsense", "cursor"],
    ["?limit=0", "limit"],
    ["?groop=today", "groop"],
  ]) {
    const { status, body } = await list(organization, query);
    expect([status, body.issues?.[0]?.path], query).toEqual([400, path]);
  }
  expect((await list(organization)).body.data.contacts).toEqual([]);
  expect((await list(organization, `?pipeline_id=${other.pipeline.id}`)).status).toBe(404);
  expect((await list(organization, `?assignee=${other.owner.id}`)).body.data.contacts).toEqual([]);
  expect((await call(server.url, "GET", "/follow-ups")).status).toBe(401);
});

test("contacts that were saved before there were follow-ups simply have none", async () => {
  const organization = await server.anOrganization();
  const contactId = await add(organization, "old");
  await ContactModel.collection.updateMany(
    { username: "old" },
    { $unset: { followUp: "", followUpStep: "" } },
  );
  expect(await loadContact(organization, contactId)).toMatchObject({ followUp: null, followUpStep: 0 });
  const change: ContactChange = { message: { direction: "out", text: "Hi", at: new Date().toISOString() } };
  await changeContact(server.context, {
    organizationId: organization.id,
    contactId,
    change,
    actor: byOwner(organization),
  });
  expect(await loadContact(organization, contactId)).toMatchObject({
    followUp: { step: 1 },
    followUpStep: 1,
  });
});

test("[CC3] a reply that came meanwhile is not snoozed away by somebody who has not seen it", async () => {
  const organization = await server.anOrganization();
  const contactId = await add(organization, "kim", { ...dueIn(0), manychatId: "1" });
  const client = await new BoardClient(
    server.url,
    organization.owner.cookie,
    organization.pipeline.id,
  ).open();
  const { version } = await loadContact(organization, contactId);
  await reply(organization, { manychat_id: 1, username: "kim", message_content: "Yes!" });
  const until = dueInDays(Date.now(), 7, "UTC");
  const snooze = { contactId, followUp: { act: "snooze" as const, until } };
  expect(await client.change({ ...snooze, mutationId: "snooze-01", version })).toMatchObject({
    ok: false,
    code: "conflict",
  });
  await eventually(() => expect(client.contacts.get(contactId)?.followUp?.step).toBe(0));
  const seen = client.contacts.get(contactId)?.version ?? 0;
  expect(await client.change({ ...snooze, mutationId: "snooze-02", version: seen })).toMatchObject({
    ok: true,
  });
  client.close();
});

test("[CC7] message, follow-up and outcome fold to what is saved, on every open board", async () => {
  const organization = await server.anOrganization();
  const contactId = await add(organization, "kim");
  const client = await new BoardClient(
    server.url,
    organization.owner.cookie,
    organization.pipeline.id,
  ).open();
  const at = new Date().toISOString();
  for (const change of [
    { message: { direction: "out", text: "Hi", at } },
    { message: { direction: "in", text: "Hello", at } },
    { followUp: { act: "schedule", dueAt: at, note: "Call" } },
    { message: { direction: "out", text: "Well?", at } },
    { status: "won" },
  ] satisfies ContactChange[])
    await changeContact(server.context, {
      organizationId: organization.id,
      contactId,
      change,
      actor: byOwner(organization),
    });
  const saved = await loadContact(organization, contactId);
  expect(saved.followUp).toBeNull();
  await eventually(() => expect(client.contacts.get(contactId)).toEqual(saved));
  client.close();
});

test("[DR1] default-reply of somebody unknown creates the contact, via API, due now", async () => {
  const organization = await server.anOrganization();
  const { status, body } = await reply(organization, {
    manychat_id: 4711,
    username: "@Kim.Fit",
    message_content: " I am interested ",
    message_date: "2026-03-01T10:00:00+01:00",
    manychat_data: { ig_id: 178414, first_name: "Kim", custom: { anything: [1] } },
  });
  expect([status, body.data.skipped, body.data.created]).toEqual([201, false, true]);
  const contact = await loadContact(organization, body.data.contact_id);
  expect(contact).toMatchObject({
    username: "kim.fit",
    manychatId: "4711",
    igId: "178414",
    source: "api",
    leadStatus: "open",
    conversationStatus: "new_message",
    lastMessage: { direction: "in", text: "I am interested", at: "2026-03-01T10:00:00+01:00" },
    followUp: { step: 0 },
  });
  expect((await list(organization, "?group=today")).body.data.contacts.map(({ id }) => id)).toEqual([
    contact.id,
  ]);
  const events = await findLines({ contactId: contact.id }, {}, { limit: 10 });
  expect(events.map(({ type, actor }) => [type, actor.type])).toEqual([
    ["contact.follow_up_set", "api"],
    ["contact.message_logged", "api"],
    ["contact.created", "api"],
  ]);
});

test("[DR1] a known contact keeps its handle, its last message is updated and its follow-up reset", async () => {
  const organization = await server.anOrganization();
  const contactId = await add(organization, "kim", { manychatId: "4711", ...dueIn(9) });
  await changeContact(server.context, {
    organizationId: organization.id,
    contactId,
    actor: byOwner(organization),
    change: { message: { direction: "out", text: "Hi", at: new Date().toISOString() } },
  });
  await add(organization, "renamed");
  const before = Date.now();
  const { status, body } = await reply(organization, {
    manychat_id: "4711",
    username: "renamed",
    message_content: "Tell me more",
    ig_id: 99,
  });
  expect([status, body.data.contact_id, body.data.created]).toEqual([200, contactId, false]);
  const contact = await loadContact(organization, contactId);
  expect(contact).toMatchObject({
    username: "kim",
    igId: "99",
    conversationStatus: "replied",
    lastMessage: { text: "Tell me more" },
    followUp: { step: 0 },
    followUpStep: 0,
  });
  expect(Date.parse(contact.followUp?.dueAt ?? "")).toBeGreaterThanOrEqual(before);
});

test("[DR1] known by handle only: the ManyChat id is learned, never a duplicate", async () => {
  const organization = await server.anOrganization();
  const contactId = await add(organization, "kim");
  const answers = await Promise.all(
    [1, 2, 3].map(() => reply(organization, { manychat_id: 5, username: "KIM", message_content: "Hi" })),
  );
  expect(new Set(answers.map(({ body }) => body.data.contact_id))).toEqual(new Set([contactId]));
  expect(await loadContact(organization, contactId)).toMatchObject({ manychatId: "5" });
  const fresh = await Promise.all(
    [1, 2, 3].map(() => reply(organization, { manychat_id: 6, username: "new", message_content: "Hi" })),
  );
  expect(fresh.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
});

test("[DR2] no text, or a variable that was not filled in, is outreach: skipped, nothing is written", async () => {
  const organization = await server.anOrganization();
  for (const message_content of [
    "",
    "   ",
    null,
    undefined,
    "{{last_input_text}}",
    "##{{last_input_text}}",
    " {{ last_input_text }} ",
  ]) {
    const { status, body } = await reply(organization, { manychat_id: 5, username: "kim", message_content });
    expect([status, body.status, body.data], String(message_content)).toEqual([
      200,
      "success",
      { skipped: true },
    ]);
  }
  expect((await list(organization)).body.data).toMatchObject({ contacts: [], seq: 0 });
  const real = await reply(organization, {
    manychat_id: 5,
    username: "kim",
    message_content: "what is {{price}}?",
  });
  expect(real.body.data.skipped).toBe(false);
});

test("[DR1] [CC4] [TN3] [API1] retries, foreign organizations and mistakes", async () => {
  const organization = await server.anOrganization();
  const other = await server.anOrganization();
  const body = { manychat_id: 5, username: "kim", message_content: "Hi", organization_id: organization.id };
  const headers = { "idempotency-key": "reply-1" };
  const first = await reply(organization, body, { headers });
  const again = await reply(organization, body, { headers });
  expect(again.body.data).toEqual(first.body.data);
  expect(await findLines({ contactId: first.body.data.contact_id }, {}, { limit: 10 })).toHaveLength(3);
  expect((await reply(organization, { ...body, message_content: "Ho" }, { headers })).status).toBe(409);
  expect((await reply(organization, { ...body, organization_id: other.id })).status).toBe(403);
  expect((await reply(organization, { ...body, page_name: "Somebody else" })).status).toBe(403);
  expect((await reply(other, { ...body, organization_id: undefined })).body.data.contact_id).not.toBe(
    first.body.data.contact_id,
  );
  for (const [wrong, path] of [
    [{ manychat_id: undefined }, "manychat_id"],
    [{ username: "" }, "username"],
    [{ username: undefined }, "username"],
    [{ message_content: 7 }, "message_content"],
    [{ message_date: "yesterday" }, "message_date"],
    [{ ig_id: {} }, "ig_id"],
    [{ mesage: "x" }, "mesage"],
  ] as const) {
    const answer = await reply(organization, { ...body, ...wrong });
    expect([answer.status, answer.body.issues?.[0]?.path], JSON.stringify(wrong)).toEqual([400, path]);
  }
  expect((await reply(organization, body, { token: "wrong" })).status).toBe(401);
});

test("[FU4] whose cadence is over without an answer is listed for a decision, in pages, with a true count", async () => {
  const organization = await server.anOrganization();
  const write = { message: { direction: "out" as const, text: "Hello?", at: new Date().toISOString() } };
  const silent = [];
  for (const name of ["one", "two", "three"]) {
    const id = await add(organization, name);
    for (let step = 0; step < 5; step += 1)
      await changeContact(server.context, {
        organizationId: organization.id,
        contactId: id,
        change: write,
        actor: byOwner(organization),
      });
    silent.push(id);
  }
  await add(organization, "written.once", write);
  const first = await list(organization, "?group=ended&limit=2");
  expect(first.body.data.contacts.map(({ id }) => id)).toEqual(silent.slice(0, 2));
  expect(first.body.data.ended).toBe(3);
  const rest = await list(organization, `?group=ended&cursor=${first.body.data.next}`);
  expect([rest.body.data.contacts.map(({ id }) => id), rest.body.data.next]).toEqual([silent.slice(2), null]);
  await reply(organization, { manychat_id: 1, username: "one", message_content: "Sorry, here I am" });
  const [, second = ""] = silent;
  await changeContact(server.context, {
    organizationId: organization.id,
    contactId: second,
    change: { followUp: { act: "restart" } },
    actor: byOwner(organization),
  });
  expect((await list(organization, "?group=ended")).body.data).toMatchObject({
    contacts: [{ id: silent[2] }],
    ended: 1,
  });
});
