import { ContactModel, RemovedContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { findEventsAfter } from "@dmtracker/server/activity/event.store.ts";
import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Import } from "@dmtracker/shared/contracts/imports.ts";
import type { Report } from "@dmtracker/shared/contracts/reports.ts";
import type { ReversalPreview } from "@dmtracker/shared/contracts/reversal.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import type { WinsBoard } from "@dmtracker/shared/contracts/wins.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { expect, onTestFinished, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { makeContacts } from "../support/contacts.ts";
import { eventually } from "../support/eventually.ts";
import { call, type CallOptions } from "../support/http.ts";
import { startServer, type TestOrganization, type TestPerson } from "../support/server.ts";

const server = await startServer();

type Method = "GET" | "POST" | "DELETE" | "PATCH";

const api = <T = ContactStatusAnswer>(
  { token }: TestOrganization,
  method: Method,
  path: string,
  body?: unknown,
  options: CallOptions = {},
) => call<T>(server.url, method, path, { token, ...(body !== undefined && { body }), ...options });

async function make(organization: TestOrganization, body: object): Promise<string> {
  const made = await api(organization, "POST", "/organization/create-contact", body);
  expect(made.status).toBeLessThan(300);
  return made.body.data.contact_id;
}

async function watch({ pipeline }: TestOrganization, { cookie }: TestPerson): Promise<BoardClient> {
  const client = await new BoardClient(server.url, cookie, pipeline.id).open();
  onTestFinished(() => client.close());
  return client;
}

const read = async (organization: TestOrganization, contactId: string): Promise<Contact> =>
  (await api<{ contact: Contact }>(organization, "GET", `/contacts/${contactId}`)).body.data.contact;

const asBefore = ({ version: _version, seq: _seq, lastActivityAt: _at, ...rest }: Contact) => rest;

/** Everything that counts contacts, in one answer. */
async function allCounts(organization: TestOrganization): Promise<unknown> {
  const get = async <T>(path: string) => (await api<T>(organization, "GET", path)).body.data;
  const { cookie } = organization.owner;
  const own = async <T>(path: string) => (await call<T>(server.url, "GET", path, { cookie })).body.data;
  const list = await get<{ contacts: Contact[]; total: number; total_value: number }>("/contacts");
  const found = await get<{ total: number }>("/contacts?q=lena&status=won,open");
  const due = await get<{ totals: object; parked: number; contacts: Contact[] }>("/follow-ups");
  const report = await own<Report>("/reports?period=today");
  const wins = await own<WinsBoard>("/wins");
  const board = await own<{ pipeline: { totals: object }; columns: { contacts: Contact[] }[] }>(
    `/pipelines/${organization.pipeline.id}/board`,
  );
  const { tags } = await get<{ tags: { name: string; contacts: number }[] }>("/tags");
  return {
    list: [list.contacts.map(({ username }) => username), list.total, list.total_value],
    found: found.total,
    due: [due.totals, due.parked, due.contacts.length],
    report: [report.now, report.created, report.won, report.members, report.stages.map((one) => one.entered)],
    wins: [wins.wins.map(({ username }) => username), wins.today, wins.leaderboard],
    board: [board.columns.flatMap(({ contacts }) => contacts.map(({ username }) => username))],
    tags: tags.map(({ name, contacts }) => [name, contacts]),
  };
}

test("[RM1] a removed contact is in no list, board, count, report or follow-up; restored it is in all of them again", async () => {
  const organization = await server.anOrganization();
  await make(organization, { username: "kim", value: 10, tags: ["vip"], message_content: "Hi" });
  const none = await allCounts(organization);
  const lena = await make(organization, {
    username: "lena",
    status: "won",
    value: 900,
    tags: ["vip"],
    message_content: "Hello",
  });
  const with2 = await allCounts(organization);
  expect(with2).not.toEqual(none);
  const before = await read(organization, lena);
  const removed = await api(organization, "DELETE", `/contacts/${lena}`);
  expect(removed.body.data).toMatchObject({ contact_id: lena, changed: ["removed"] });
  expect(await allCounts(organization)).toEqual(none);
  const restored = await api(organization, "POST", `/contacts/${lena}/restore`);
  expect(restored.body.data).toMatchObject({ changed: ["restored"] });
  expect(await allCounts(organization)).toEqual(with2);
  expect(asBefore(await read(organization, lena))).toMatchObject({
    ...asBefore(before),
    rank: expect.any(String) as string,
  });
});

test("[RM2] removing is a change: a line of history, live for everybody, undone by whoever did it, never a raw delete", async () => {
  const organization = await server.anOrganization();
  const [top = "", gone = "", low = ""] = await makeContacts(server, organization, 3);
  const ana = await watch(organization, organization.owner);
  const cem = await watch(organization, organization.member);
  const stage = organization.pipeline.stages[0]?.id ?? "";
  const before = ana.contacts.get(gone);
  const reply = await cem.change({ mutationId: "remove-gone", contactId: gone, removed: true });
  expect(reply).toMatchObject({ ok: true });
  await eventually(() => {
    expect(ana.contacts.get(gone)?.removed).toMatchObject({ by: { name: organization.member.name } });
    expect(ana.pipeline.totals[stage]?.open?.count).toBe(2);
  });
  expect((await read(organization, gone)).removed).toMatchObject({ by: { id: organization.member.id } });
  expect(await ContactModel.countDocuments({ organizationId: organization.id })).toBe(2);
  expect(await RemovedContactModel.countDocuments({ organizationId: organization.id })).toBe(1);
  const late = await ana.change({ mutationId: "late-change", contactId: gone, status: "won" });
  expect(late).toMatchObject({ ok: false, code: "removed" });
  const undone = await cem.socket.emitWithAck("change:undo", {
    mutationId: "undo-removal",
    undoes: "remove-gone",
  });
  expect(undone).toMatchObject({ ok: true, changed: 1, problems: [] });
  await eventually(() => expect(ana.contacts.get(gone)?.removed).toBeNull());
  expect(asBefore(ana.contacts.get(gone) as Contact)).toEqual(asBefore(before as Contact));
  expect(ana.column(stage)).toEqual([top, gone, low]);
  const events = await findEventsAfter(organization.pipeline.id, 0, 100);
  const own = events.filter(({ contactId }) => contactId === gone);
  expect(own.map(({ type }) => type)).toEqual(["contact.created", "contact.removed", "contact.restored"]);
  expect(own.reduce<Contact | undefined>(applyToContact, undefined)).toEqual(await read(organization, gone));
  const history = await api<{ events: { type: string }[] }>(
    organization,
    "GET",
    `/contacts/${gone}/activity`,
  );
  expect(history.body.data.events).toHaveLength(3);
});

test("[RM2] a removal takes Idempotency-Key and If-Match, removing twice is no change, programs are told 410 afterwards", async () => {
  const organization = await server.anOrganization();
  const other = await server.anOrganization();
  const kim = await make(organization, { username: "kim", manychat_id: 4711 });
  const path = `/contacts/${kim}`;
  expect((await api(other, "DELETE", path)).status).toBe(404);
  expect((await api(organization, "DELETE", path, undefined, { headers: { "if-match": "7" } })).status).toBe(
    409,
  );
  const keyed = { headers: { "idempotency-key": "once", "if-match": "1" } };
  const first = await api(organization, "DELETE", path, undefined, keyed);
  expect(first.status).toBe(200);
  expect((await api(organization, "DELETE", path, undefined, keyed)).body).toEqual(first.body);
  expect((await api(organization, "DELETE", path)).body.data.changed).toEqual([]);
  const late = await api(organization, "PATCH", "/contact/contact-status", {
    contact_id: kim,
    status: "won",
  });
  expect(late).toMatchObject({ status: 410, body: { code: "removed" } });
  expect(late.body.message).toContain("has removed @kim");
  const byName = await api(organization, "PATCH", "/contact/contact-status", {
    manychat_id: 4711,
    status: "won",
  });
  expect(byName.status).toBe(404);
  expect((await api(other, "POST", `${path}/restore`)).status).toBe(404);
});

test("[RM3] many are removed as one act, by ids or by a filter, and come back as one", async () => {
  const organization = await server.anOrganization();
  const ids = await makeContacts(server, organization, 40);
  const bulk = await api<BulkAction>(organization, "POST", "/bulk-actions", {
    contact_ids: ids.slice(0, 30),
    remove: true,
  });
  expect(bulk.body.data).toMatchObject({ state: "done", changed: 30, refused: 0, title: "Removed" });
  expect((await api<{ total: number }>(organization, "GET", "/contacts")).body.data.total).toBe(10);
  const again = await api<BulkAction>(organization, "POST", "/bulk-actions", {
    contact_ids: ids,
    remove: true,
  });
  expect(again.body.data).toMatchObject({ changed: 10, refused: 0 });
  const mixed = await api(organization, "POST", "/bulk-actions", { filter: "", remove: true, status: "won" });
  expect(mixed.status).toBe(400);
  const ana = await watch(organization, organization.owner);
  const restoring = await ana.socket.emitWithAck("contacts:change", {
    mutationId: "restore-many-at-once",
    pipelineId: organization.pipeline.id,
    select: { contactIds: ids },
    change: { removed: false } as never,
  });
  expect(restoring).toMatchObject({ ok: false, code: "invalid" });
  const undo = await api<BulkAction>(organization, "POST", "/undo", { batch_id: bulk.body.data.id });
  expect(undo.body.data).toMatchObject({ changed: 30 });
  const list = await api<{ contacts: Contact[] }>(organization, "GET", "/contacts?limit=200");
  expect(new Set(list.body.data.contacts.map(({ id }) => id))).toEqual(new Set(ids.slice(0, 30)));
});

test("[RM4] whoever comes again under the same name is a new contact; the removed one comes back when the name is free", async () => {
  const organization = await server.anOrganization();
  const first = await make(organization, { username: "kim", manychat_id: 4711, display_name: "Old" });
  await api(organization, "DELETE", `/contacts/${first}`);
  const reply = { username: "kim", manychat_id: 4711, message_content: "Hello again" };
  const came = await api(organization, "POST", "/contact/default-reply", reply);
  expect(came.status).toBe(201);
  const second = came.body.data.contact_id;
  expect(second).not.toBe(first);
  expect(await read(organization, second)).toMatchObject({ displayName: null, removed: null });
  const taken = await api(organization, "POST", `/contacts/${first}/restore`);
  expect(taken).toMatchObject({ status: 409, body: { code: "duplicate" } });
  await api(organization, "DELETE", `/contacts/${second}`);
  expect((await api(organization, "POST", `/contacts/${first}/restore`)).status).toBe(200);
  expect(await read(organization, first)).toMatchObject({ displayName: "Old", removed: null });
});

test("[RM5] a contact comes back to the first stage when its own was deleted, without tags that are gone", async () => {
  const organization = await server.anOrganization();
  const { pipeline, owner } = organization;
  const kim = await make(organization, { username: "kim", tags: ["vip"], stage: "Interested", value: 7 });
  await api(organization, "DELETE", `/contacts/${kim}`);
  const stage = pipeline.stages[2]?.id;
  const { cookie } = owner;
  const { body } = await api<{ tags: { id: string }[] }>(organization, "GET", "/tags");
  await call(server.url, "DELETE", `/tags/${body.data.tags[0]?.id}`, { cookie });
  const deleted = await call(server.url, "DELETE", `/pipelines/${pipeline.id}/stages/${stage}`, { cookie });
  expect(deleted.status).toBe(200);
  await api(organization, "POST", `/contacts/${kim}/restore`);
  expect(await read(organization, kim)).toMatchObject({
    stageId: pipeline.stages[0]?.id,
    tagIds: [],
    value: 7,
  });
  const report = await call<Report>(server.url, "GET", "/reports?period=today", { cookie });
  expect(report.body.data.now.open).toEqual({ count: 1, value: 7 });
});

async function runImport(organization: TestOrganization, csv: string): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/imports?name=leads.csv`, {
    method: "POST",
    headers: { "x-org-auth-token": organization.token, "content-type": "text/csv" },
    body: csv,
  });
  const { data } = (await response.json()) as { data: Import };
  await api(organization, "POST", `/imports/${data.id}/start`, { mapping: data.mapping });
  await eventually(async () => {
    const { body } = await api<Import>(organization, "GET", `/imports/${data.id}`);
    expect(body.data.run?.state).toBe("done");
  });
  return data.id;
}

test("[IM9] [RM6] an import that is undone takes its contacts away, but for those that somebody has changed or written with", async () => {
  const organization = await server.anOrganization();
  const known = await make(organization, { username: "kim", display_name: "Kim" });
  const rows = Array.from(
    { length: 300 },
    (_, index) => `lead.${index},Lead ${index},${index % 2 ? "won" : ""}`,
  );
  const id = await runImport(organization, ["username,name,status", "kim,K,lost", ...rows].join("\n"));
  const idOf = async (username: string): Promise<string> =>
    String((await ContactModel.findOne({ organizationId: organization.id, username }))?._id);
  const [changed, wrote] = [await idOf("lead.1"), await idOf("lead.2")];
  const ana = await watch(organization, organization.owner);
  await ana.change({ mutationId: "note-of-ana", contactId: changed, note: "Called her" });
  await api(organization, "POST", "/contact/default-reply", {
    username: "lead.2",
    manychat_id: 9,
    message_content: "Hi",
  });
  const preview = await call<ReversalPreview>(server.url, "POST", "/reversals/preview", {
    cookie: organization.owner.cookie,
    body: { batch_id: id },
  });
  expect(preview.body.data).toMatchObject({ total: 301, changing: 299, skipping: 2 });
  const { body } = await call<{ id: string }>(server.url, "POST", "/reversals", {
    cookie: organization.owner.cookie,
    body: { batch_id: id },
  });
  const done = await eventually(async () => {
    const { cookie } = organization.owner;
    const bulk = await call<BulkAction>(server.url, "GET", `/bulk-actions/${body.data.id}`, { cookie });
    expect(bulk.body.data.state).toBe("done");
    return bulk.body.data;
  });
  expect(done).toMatchObject({ changed: 299, refused: 2 });
  expect(done.problems.map((problem) => problem.username).sort()).toEqual(["lead.1", "lead.2"]);
  const left = await ContactModel.find({ organizationId: organization.id }).lean();
  expect(new Set(left.map(({ _id }) => String(_id)))).toEqual(new Set([known, changed, wrote]));
  expect(await read(organization, known)).toMatchObject({ displayName: "Kim", leadStatus: "open" });
  const again = await runImport(organization, ["username,name,status", ...rows].join("\n"));
  expect(again).not.toBe(id);
  expect(await ContactModel.countDocuments({ organizationId: organization.id })).toBe(301);
});
