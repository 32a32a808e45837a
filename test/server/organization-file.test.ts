import { gunzipSync, gzipSync } from "node:zlib";
import type { BulkRecord } from "@dmtracker/server/bulk/bulk.model.ts";
import { BulkModel } from "@dmtracker/server/bulk/bulk.model.ts";
import { EventModel } from "@dmtracker/server/activity/event.model.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { RunningBulks } from "@dmtracker/server/bulk/running-bulks.ts";
import { wakeParked } from "@dmtracker/server/follow-ups/wake-parked.ts";
import { ImportModel, ImportPartModel } from "@dmtracker/server/import/import.model.ts";
import { importFilePart, type FileWork } from "@dmtracker/server/organization-file/import-file-part.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import { ViewModel } from "@dmtracker/server/views/view.model.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { OrganizationImport } from "@dmtracker/shared/contracts/organization-file.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Report } from "@dmtracker/shared/contracts/reports.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { expect, test, vi } from "vitest";
import { makeContacts } from "../support/contacts.ts";
import { eventually } from "../support/eventually.ts";
import { call, type Answer } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

type Line = Record<string, Record<string, unknown>>;

const own = <T>({ owner }: TestOrganization, method: string, path: string, body?: unknown) =>
  call<T>(server.url, method, path, { cookie: owner.cookie, ...(body !== undefined && { body }) });

async function exported({ owner }: TestOrganization, query = ""): Promise<Buffer> {
  const response = await fetch(`${server.url}/api/v1/organization/export${query}`, {
    headers: { cookie: owner.cookie },
  });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

const linesOf = (file: Buffer): Line[] =>
  file
    .toString()
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text) as Line);

async function upload({ owner }: TestOrganization, file: Buffer | string) {
  const response = await fetch(`${server.url}/api/v1/organization/imports?name=a.jsonl`, {
    method: "POST",
    headers: { cookie: owner.cookie, "content-type": "application/x-ndjson" },
    body: typeof file === "string" ? file : new Uint8Array(file),
  });
  return { status: response.status, body: (await response.json()) as Answer<OrganizationImport>["body"] };
}

const ended = (organization: TestOrganization, id: string): Promise<OrganizationImport> =>
  eventually(async () => {
    const { body } = await own<OrganizationImport>(organization, "GET", `/organization/imports/${id}`);
    expect(body.data.run?.state).not.toBe("running");
    return body.data;
  });

async function takeIn(organization: TestOrganization, file: Buffer): Promise<OrganizationImport> {
  const { data } = (await upload(organization, file)).body;
  expect(data.problems).toEqual([]);
  const started = await own(organization, "POST", `/organization/imports/${data.id}/start`);
  expect(started.status).toBe(202);
  return ended(organization, data.id);
}

/** A file without what may differ: which ids, who is here, when it was written, where each contact's log ends. */
function withoutIds(file: Buffer): string[] {
  const names = new Map<string, string>();
  const ordered = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(ordered);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, ordered(inner)]),
    );
  };
  const plain = (line: Line): string =>
    JSON.stringify(ordered(line)).replace(/[0-9a-f]{24}/g, (id) => {
      const known = names.get(id) ?? `#${names.size}`;
      names.set(id, known);
      return known;
    });
  const lines = linesOf(file)
    .filter(({ dmtracker, member }) => !dmtracker && !member)
    .map((line) => (line.view ? { view: { ...line.view, ownerId: "" } } : line));
  const others = lines.filter(({ contact, counts }) => !contact && !counts).map(plain);
  const contacts = lines.flatMap(({ contact }) => (contact ? [{ contact: { ...contact, seq: 0 } }] : []));
  const byName = contacts.sort((a, b) => (JSON.stringify(a.contact) < JSON.stringify(b.contact) ? -1 : 1));
  return [...others, ...byName.map((line) => plain(line as unknown as Line)).sort()];
}

/** A life as organizations have one. */
async function aLivedOne(): Promise<TestOrganization> {
  const organization = await server.anOrganization();
  const { token, pipeline, owner } = organization;
  const api = (method: string, path: string, body?: unknown) =>
    call<ContactStatusAnswer>(server.url, method, path, { token, ...(body !== undefined && { body }) });
  const closed = pipeline.stages[4]?.id ?? "";
  await createRule(
    server.context,
    { pipelineId: pipeline.id, actor: { type: "user", id: owner.id, name: owner.name }, mutation: undefined },
    { type: "stage_to_status", stageId: closed, status: "won", enabled: true },
  );
  await own(organization, "PATCH", "/organization/settings", { time_zone: "Asia/Tokyo", cadence: [2, 5] });
  const second = await own<{ pipeline: Pipeline }>(organization, "POST", "/pipelines", { name: "Partners" });
  await own(organization, "POST", "/views", {
    name: "Warm",
    place: "contacts",
    pipelineId: pipeline.id,
    shared: true,
    filter: { leadStatus: ["open"], stageId: [closed] },
  });
  await makeContacts(server, organization, 30);
  const create = async (body: object): Promise<string> =>
    (await api("POST", "/organization/create-contact", body)).body.data.contact_id;
  const kim = await create({ username: "kim", tags: ["vip", "Gym"], value: 12.5, manychat_id: 77 });
  await create({ username: "partner", pipeline_id: second.body.data.pipeline.id, tags: ["vip"] });
  const gone = await create({ username: "gone", display_name: "0123456789abcdef01234567" });
  await api("POST", "/contact/default-reply", { username: "kim", manychat_id: 77, message_content: "Hi" });
  await api("PATCH", "/contact/contact-status", { contact_id: kim, stage_id: closed });
  await api("PATCH", "/contact/parking", {
    username: "gone",
    parked: { until: new Date(Date.now() + 9e8).toISOString(), reason: "away" },
  });
  await api("DELETE", `/contacts/${gone}`);
  return organization;
}

test("[OE1] [OE4] an organization that is exported, imported into a new one and exported again is the same but for ids", async () => {
  const first = await aLivedOne();
  const file = await exported(first);
  const lines = linesOf(file);
  expect(lines[0]).toMatchObject({ dmtracker: { version: 1, expected: { contacts: 33 } } });
  expect(lines.at(-1)).toMatchObject({ counts: { pipelines: 2, tags: 2, views: 1, contacts: 33 } });
  expect(
    gunzipSync(await exported(first, "?gzip=true"))
      .toString()
      .split("\n"),
  ).toHaveLength(lines.length + 1);
  expect(file.toString()).not.toContain(first.token);
  const second = await server.anOrganization();
  const done = await takeIn(second, gzipSync(file));
  expect(done.run).toMatchObject({
    state: "done",
    total: done.counts.events + 33,
    done: done.counts.events + 33,
  });
  expect(done.unknown_people).toContain(first.owner.name);
  const again = await exported(second);
  expect(withoutIds(again)).toEqual(withoutIds(file));
});

test("[OE4] [OE5] what was imported lives on: one's own ids, numbers without gaps, the same figures, and history with its names", async () => {
  const first = await aLivedOne();
  const [moved] = await ContactModel.find({ organizationId: first.id, username: "kim" }).lean();
  // Forgotten after a while in every organization: a hole in the numbers.
  await EventModel.deleteOne({ pipelineId: first.pipeline.id, seq: 5 });
  const second = await server.anOrganization();
  await takeIn(second, await exported(first));
  const pipelines = await PipelineModel.find({ organizationId: second.id }).sort({ createdAt: 1 }).lean();
  expect(pipelines.map(({ name }) => name)).toEqual(["Sales pipeline", "Partners"]);
  const pipelineId = String(pipelines[0]?._id);
  expect(pipelineId).not.toBe(first.pipeline.id);
  const events = await EventModel.find({ pipelineId }).sort({ seq: 1 }).lean();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  const ruled = events.filter(({ cause }) => cause !== null);
  expect(ruled.length).toBeGreaterThan(0);
  for (const { cause, batchId } of ruled)
    expect(events.find(({ seq }) => seq === cause?.seq)).toMatchObject({ type: cause?.type, batchId });
  const { token } = second;
  const list = await call<{ contacts: Contact[]; total: number }>(server.url, "GET", "/contacts?q=kim", {
    token,
  });
  const [kim] = list.body.data.contacts;
  expect(kim).toMatchObject({ leadStatus: "won", value: 12.5, createdAt: moved?.createdAt.toISOString() });
  expect(kim?.id).not.toBe(String(moved?._id));
  const history = await call<{ events: PipelineEvent[] }>(
    server.url,
    "GET",
    `/contacts/${kim?.id}/activity`,
    { token },
  );
  const told = history.body.data.events.toReversed();
  expect(told.at(0)?.actor.type).toBe("api");
  expect({ ...told.reduce<Contact | undefined>(applyToContact, undefined), seq: 0 }).toEqual({
    ...kim,
    seq: 0,
  });
  const report = (organization: TestOrganization) =>
    own<Report>(organization, "GET", "/reports?period=this_month").then(({ body }) => {
      const { now, created, won, lost, points } = body.data;
      return { now, created, won, lost, points };
    });
  expect(await report(second)).toEqual(await report(first));
  const changed = await call<ContactStatusAnswer>(server.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: kim?.id, status: "open" },
  });
  expect(changed.body.data).toMatchObject({ changed: ["status"], seq: events.length + 1 });
});

test("[OE2] an export is as of one moment: what happens while it is read is in it wholly or not at all", async () => {
  const organization = await aLivedOne();
  const response = await fetch(`${server.url}/api/v1/organization/export`, {
    headers: { cookie: organization.owner.cookie },
  });
  // Its first line is written: the numbers that it is about are fixed.
  const reader = response.body?.getReader();
  const chunks = [await reader?.read()];
  const { token } = organization;
  const kim = await ContactModel.findOne({ organizationId: organization.id, username: "kim" });
  await call(server.url, "DELETE", `/contacts/${String(kim?._id)}`, { token });
  await makeContacts(server, organization, 5);
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) break;
    chunks.push(chunk);
  }
  const lines = linesOf(Buffer.concat(chunks.map((chunk) => chunk?.value ?? new Uint8Array())));
  const heads = new Map(lines.flatMap(({ pipeline }) => (pipeline ? [[pipeline.id, pipeline.seq]] : [])));
  const folded = new Map<string, Contact>();
  for (const { event } of lines) {
    if (!event) continue;
    const told = event as unknown as PipelineEvent;
    expect(told.seq).toBeLessThanOrEqual(Number(heads.get(told.pipelineId)));
    const contact = applyToContact(folded.get(told.contactId ?? ""), told);
    if (contact) folded.set(contact.id, contact);
  }
  const contacts = lines.flatMap(({ contact }) => (contact ? [contact as unknown as Contact] : []));
  expect(new Map(contacts.map((contact) => [contact.id, contact]))).toEqual(folded);
});

test("[OE3] a file is checked line by line before anything of it is imported", async () => {
  const first = await aLivedOne();
  const second = await server.anOrganization();
  const texts = (await exported(first)).toString().trimEnd().split("\n");
  const at = (kind: string) => texts.findIndex((text) => text.startsWith(`{"${kind}"`));
  const broken = [...texts];
  broken[at("tag")] = "{oh";
  broken[at("event")] = broken[at("event")]?.replace('"seq":1,', '"seq":"one",') ?? "";
  broken[at("contact")] =
    broken[at("contact")]?.replace(/"stageId":"[0-9a-f]+"/, `"stageId":"${"0".repeat(24)}"`) ?? "";
  broken.pop();
  const { status, body } = await upload(second, broken.join("\n"));
  expect(status).toBe(201);
  expect(body.data.problems[0]).toEqual({ line: at("tag") + 1, reason: "is no JSON" });
  const told = body.data.problems.map(({ line, reason }) => `${line}: ${reason}`).join("\n");
  expect(told).toContain(`${at("event") + 1}: event.seq: `);
  expect(told).toContain(`${at("contact") + 1}: its stage is not in its pipeline`);
  expect(told).toContain("the last line must be `counts`: the file is not whole");
  const refused = await own(second, "POST", `/organization/imports/${body.data.id}/start`);
  expect(refused.status).toBe(400);
  expect((await upload(second, "hello")).body.data.problems[0]).toMatchObject({ line: 1 });
  expect((await upload(second, gzipSync("x".repeat(9_999)).subarray(0, 30))).body).toMatchObject({
    code: "invalid",
  });
  const version = texts[0]?.replace('"version":1', '"version":2') ?? "";
  expect((await upload(second, version)).body.data.problems[0]?.reason).toContain("another version");
  const full = (await upload(first, texts.join("\n"))).body.data;
  expect(full.obstacles).toEqual([
    "It has contacts, or had some",
    "It has tags",
    "It has more than one pipeline",
    "It has rules",
    "It has saved views",
  ]);
  const conflict = await own(first, "POST", `/organization/imports/${full.id}/start`);
  expect(conflict).toMatchObject({ status: 409, body: { code: "conflict" } });
  expect(await ContactModel.countDocuments({ organizationId: second.id })).toBe(0);
  for (const { cookie } of [first.member, second.owner]) {
    const other = await call(server.url, "GET", `/organization/imports/${full.id}`, { cookie });
    expect([403, 404]).toContain(other.status);
  }
  expect(
    (await call(server.url, "GET", "/organization/export", { cookie: first.member.cookie })).status,
  ).toBe(403);
});

test("[OE6] a cancelled import leaves nothing; one whose process stopped is taken up, each line once", async () => {
  const first = await aLivedOne();
  await makeContacts(server, first, 900);
  const file = await exported(first);
  const before = server.context.bulks;
  const cancelled = await server.anOrganization();
  const { data } = (await upload(cancelled, file)).body;
  // A process that is stopping leaves the work to others after its first look.
  const stopped = (server.context.bulks = new RunningBulks());
  await stopped.stop();
  await own(cancelled, "POST", `/organization/imports/${data.id}/start`);
  await own(cancelled, "POST", `/bulk-actions/${data.id}/cancel`);
  const second = await server.anOrganization();
  const other = (await upload(second, file)).body.data;
  await own(second, "POST", `/organization/imports/${other.id}/start`);
  server.context.bulks = before;
  expect((await ended(cancelled, data.id)).run).toMatchObject({ state: "cancelled" });
  expect(await ContactModel.countDocuments({ organizationId: cancelled.id })).toBe(0);
  expect(await EventModel.countDocuments({ organizationId: cancelled.id })).toBe(0);
  expect(await PipelineModel.countDocuments({ organizationId: cancelled.id })).toBe(1);
  expect((await ended(second, other.id)).run).toMatchObject({ state: "done" });
  expect(withoutIds(await exported(second))).toEqual(withoutIds(file));
}, 60_000);

const asRuleCall = ({ pipeline, owner }: TestOrganization) => ({
  pipelineId: pipeline.id,
  actor: { type: "user" as const, id: owner.id, name: owner.name },
  mutation: undefined,
});

/** An import that has begun and that nobody works on but who holds the lease `ours`. */
async function held(organization: TestOrganization, file: Buffer | string): Promise<BulkRecord> {
  const { data } = (await upload(organization, file)).body;
  const before = server.context.bulks;
  const stopped = (server.context.bulks = new RunningBulks());
  await stopped.stop();
  const started = await own(organization, "POST", `/organization/imports/${data.id}/start`);
  expect(started.status).toBe(202);
  const lease = { leaseOwner: "ours", leaseUntil: new Date(Date.now() + 9e8) };
  const record = await BulkModel.findOneAndUpdate({ _id: data.id }, lease, { returnDocument: "after" });
  server.context.bulks = before;
  return record?.toObject() as BulkRecord;
}

const runPart = (record: BulkRecord) =>
  importFilePart(server.context, record, record.work as FileWork) as Promise<BulkRecord>;

/** All but the opening. */
async function fill(record: BulkRecord): Promise<BulkRecord> {
  let at = record;
  while (at.nextPart < at.parts - 1) at = await runPart(at);
  return at;
}

const letGo = ({ _id }: BulkRecord) =>
  BulkModel.updateOne({ _id }, { leaseOwner: null, leaseUntil: new Date(0) });

const whatIsIn = async ({ id: organizationId }: TestOrganization) => ({
  contacts: await ContactModel.countDocuments({ organizationId }),
  events: await EventModel.countDocuments({ organizationId }),
  pipelines: await PipelineModel.countDocuments({ organizationId }),
});

test("[OE7] what was opened stays, also when a cancel is found by somebody who does not know that it is done", async () => {
  const first = await aLivedOne();
  const second = await server.anOrganization();
  const done = await takeIn(second, await exported(first));
  const before = await whatIsIn(second);
  const record = await BulkModel.findById(done.id).lean<BulkRecord>();
  await BulkModel.updateOne(
    { _id: done.id },
    {
      state: "running",
      nextPart: (record?.parts ?? 0) - 1,
      cancelWanted: true,
      leaseOwner: null,
      leaseUntil: new Date(0),
    },
  );
  expect((await ended(second, done.id)).run).toMatchObject({ state: "done" });
  expect(await whatIsIn(second)).toEqual(before);
});

test("[OE7] a process that has lost its lease, or meets the end of an import, adds nothing and opens nothing", async () => {
  const first = await aLivedOne();
  const second = await server.anOrganization();
  const begun = await held(second, await exported(first));
  expect(await runPart({ ...begun, leaseOwner: "gone" })).toBeUndefined();
  expect(await whatIsIn(second)).toEqual({ contacts: 0, events: 0, pipelines: 1 });
  const full = await fill(begun);
  expect(await runPart(begun)).toBeUndefined();
  await BulkModel.updateOne({ _id: full._id }, { ending: { state: "cancelled", reason: null } });
  expect(await runPart(full)).toBeUndefined();
  await letGo(full);
  const { run } = await ended(second, full._id.toHexString());
  expect(run).toMatchObject({ state: "cancelled" });
  expect(await whatIsIn(second)).toEqual({ contacts: 0, events: 0, pipelines: 1 });
});

test("[OE7] a cancel and the opening at the same time end in one of both", async () => {
  const first = await aLivedOne();
  const file = await exported(first);
  const second = await server.anOrganization();
  const full = await fill(await held(second, file));
  const id = full._id.toHexString();
  const [opened] = await Promise.allSettled([
    runPart(full),
    own(second, "POST", `/bulk-actions/${id}/cancel`),
  ]);
  await letGo(full);
  const { run, counts } = await ended(second, id);
  const isOpen = opened.status === "fulfilled";
  expect(run?.state).toBe(isOpen ? "done" : "cancelled");
  const { pipelines, events } = await whatIsIn(second);
  expect({ pipelines, events }).toEqual(
    isOpen ? { pipelines: 2, events: counts.events } : { pipelines: 1, events: 0 },
  );
});

test("[OE8] a handle that somebody has taken meanwhile is no second try: the import fails in words, who came stays", async () => {
  const second = await server.anOrganization();
  const begun = await held(second, await exported(await aLivedOne()));
  const came = await call<ContactStatusAnswer>(server.url, "POST", "/organization/create-contact", {
    token: second.token,
    body: { username: "kim" },
  });
  expect(came.status).toBe(201);
  await letGo(begun);
  const { run } = await ended(second, begun._id.toHexString());
  expect(run).toMatchObject({ state: "failed", reason: expect.stringContaining("taken already") as string });
  expect(await whatIsIn(second)).toMatchObject({ contacts: 1, pipelines: 1 });
  expect(await ContactModel.exists({ _id: came.body.data.contact_id })).not.toBeNull();
});

test("[OE8] the opening counts what is in, and only one import runs in an organization", async () => {
  const first = await aLivedOne();
  const second = await server.anOrganization();
  const file = await exported(first);
  const full = await fill(await held(second, file));
  const other = (await upload(second, file)).body.data;
  expect(other.obstacles).toContain("Another import is on its way");
  expect((await own(second, "POST", `/organization/imports/${other.id}/start`)).status).toBe(409);
  await EventModel.deleteOne({ organizationId: second.id });
  await letGo(full);
  const { run } = await ended(second, full._id.toHexString());
  expect(run).toMatchObject({ state: "failed", reason: expect.stringContaining("events came in") as string });
  expect(await whatIsIn(second)).toEqual({ contacts: 0, events: 0, pipelines: 1 });
});

test("[OE9] what people set up while an import runs is not replaced: the import fails and says why", async () => {
  const file = await exported(await aLivedOne());
  const ruled = await server.anOrganization();
  const begun = await held(ruled, file);
  const stageId = ruled.pipeline.stages[4]?.id ?? "";
  await createRule(server.context, asRuleCall(ruled), {
    type: "stage_to_status",
    stageId,
    status: "won",
    enabled: true,
  });
  await letGo(begun);
  const { run } = await ended(ruled, begun._id.toHexString());
  expect(run).toMatchObject({ state: "failed", reason: expect.stringContaining("It has rules") as string });
  expect((await PipelineModel.findOne({ organizationId: ruled.id }).lean())?.rules).toHaveLength(1);
  const viewed = await server.anOrganization();
  const filled = await fill(await held(viewed, file));
  const place = {
    name: "Mine",
    place: "contacts",
    pipelineId: viewed.pipeline.id,
    shared: false,
    filter: {},
  };
  expect((await own(viewed, "POST", "/views", place)).status).toBe(201);
  await letGo(filled);
  expect((await ended(viewed, filled._id.toHexString())).run?.reason).toContain("It has saved views");
  expect(await ViewModel.countDocuments({ organizationId: viewed.id })).toBe(1);
  const set = await server.anOrganization();
  const third = await held(set, file);
  await own(set, "PATCH", "/organization/settings", { time_zone: "Asia/Tokyo" });
  await letGo(third);
  expect((await ended(set, third._id.toHexString())).run?.reason).toContain("Settings of this organization");
});

test("[OE3] ids may be there once, and a file that is too large is refused", async () => {
  const first = await aLivedOne();
  const texts = (await exported(first)).toString().trimEnd().split("\n");
  const at = (kind: string) => texts.findIndex((text) => text.startsWith(`{"${kind}"`));
  const twice = [...texts];
  const tag = JSON.parse(texts[at("tag")] ?? "") as Line;
  twice.splice(at("tag") + 1, 0, JSON.stringify({ tag: { ...tag.tag, name: "other" } }));
  const view = twice.findIndex((text) => text.startsWith('{"view"'));
  twice.splice(view + 1, 0, twice[view] ?? "");
  const { problems } = (await upload(first, twice.join("\n"))).body.data;
  expect(problems.slice(0, 2)).toMatchObject([
    { line: at("tag") + 2, reason: expect.stringContaining("the same tag id") as string },
    { line: view + 2, reason: expect.stringContaining("the same view") as string },
  ]);
  const many = Array.from({ length: 501 }, (_, index) =>
    JSON.stringify({ tag: { ...tag.tag, id: index.toString(16).padStart(24, "0"), name: `tag ${index}` } }),
  );
  const before = await ImportPartModel.countDocuments({});
  const refused = await upload(first, [texts[0], ...many].join("\n"));
  expect(refused).toMatchObject({ status: 413, body: { code: "too_large" } });
  const member = JSON.parse(texts[at("member")] ?? "") as Line;
  const long = { member: { ...member.member, name: "x".repeat(5 * 1024 * 1024) } };
  const heavy = await upload(first, [texts[0], JSON.stringify(long)].join("\n"));
  expect(heavy).toMatchObject({ status: 413, body: { code: "too_large" } });
  expect(await ImportPartModel.countDocuments({})).toBe(before);
});

test("[OE5] a tag that was deleted while the file was written is left out", async () => {
  const first = await aLivedOne();
  const second = await server.anOrganization();
  const lines = linesOf(await exported(first));
  const kim = lines.find(({ contact }) => contact?.username === "kim")?.contact as unknown as Contact;
  kim.tagIds = [...kim.tagIds, "f".repeat(24)];
  const done = await takeIn(second, Buffer.from(lines.map((line) => JSON.stringify(line)).join("\n")));
  expect(done.run).toMatchObject({ state: "done" });
  const here = await ContactModel.findOne({ organizationId: second.id, username: "kim" }).lean();
  expect(here?.tagIds).toHaveLength(2);
});

test("[OE10] an import whose file is gone ends in words; its file is kept as long as it may run", async () => {
  const second = await server.anOrganization();
  const begun = await held(second, await exported(await aLivedOne()));
  const in20Days = Date.now() + 20 * 86_400_000;
  const [record, part] = [
    await ImportModel.findById(begun._id).lean(),
    await ImportPartModel.findOne({ importId: begun._id }).lean(),
  ];
  expect(record?.expireAt.getTime()).toBeGreaterThan(in20Days);
  expect(part?.expireAt.getTime()).toBeGreaterThan(in20Days);
  const full = await fill(begun);
  await ImportModel.deleteOne({ _id: begun._id });
  await letGo(full);
  await eventually(async () => {
    const ended = await BulkModel.findById(begun._id).lean<BulkRecord>();
    expect(ended).toMatchObject({ state: "failed", reason: "The file is not kept any more" });
  });
  expect(await whatIsIn(second)).toEqual({ contacts: 0, events: 0, pipelines: 1 });
});

test("[OE11] who is being imported is `busy` for writes, and is not woken before", async () => {
  const first = await aLivedOne();
  const second = await server.anOrganization();
  const full = await fill(await held(second, await exported(first)));
  const { token } = second;
  const reply = { username: "kim", manychat_id: 77, message_content: "Hello again" };
  const answers = [
    await call(server.url, "POST", "/contact/default-reply", { token, body: reply }),
    await call(server.url, "POST", "/organization/create-contact", { token, body: { username: "kim" } }),
  ];
  for (const { status, body, headers } of answers) {
    expect({ status, code: body.code }).toEqual({ status: 503, code: "busy" });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  }
  await ContactModel.updateOne(
    { organizationId: second.id, username: "kim" },
    { parked: { until: new Date(0), reason: "away" } },
  );
  const warn = vi.spyOn(server.context.logger, "warn");
  await wakeParked(server.context);
  expect(warn.mock.calls.flat()).not.toContain("parked contacts could not be woken");
  expect((await runPart(full)).state).toBe("done");
  await wakeParked(server.context);
  const kim = await ContactModel.findOne({ organizationId: second.id, username: "kim" }).lean();
  expect(kim?.parked).toBeNull();
  const again = await call(server.url, "POST", "/contact/default-reply", { token, body: reply });
  expect(again.status).toBe(200);
});
