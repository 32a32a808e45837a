import { gunzipSync, gzipSync } from "node:zlib";
import { EventModel } from "@dmtracker/server/activity/event.model.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { RunningBulks } from "@dmtracker/server/bulk/running-bulks.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { OrganizationImport } from "@dmtracker/shared/contracts/organization-file.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Report } from "@dmtracker/shared/contracts/reports.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { expect, test } from "vitest";
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
  expect(full.obstacles).toEqual(["It has contacts, or had some", "It has tags"]);
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
