import type { BulkAction, BulkChange, ContactSelection } from "@dmtracker/shared/contracts/bulk.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { BULK_AT_ONCE } from "@dmtracker/shared/contracts/limits.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { BulkModel, BulkPartModel } from "@dmtracker/server/bulk/bulk.model.ts";
import { claimBulk } from "@dmtracker/server/bulk/bulk.store.ts";
import { RunningBulks } from "@dmtracker/server/bulk/running-bulks.ts";
import { runBulk } from "@dmtracker/server/bulk/run-bulk.ts";
import { startBulk } from "@dmtracker/server/bulk/start-bulk.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { changeContacts } from "@dmtracker/server/contacts/change-contacts.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import mongoose from "mongoose";
import { expect, onTestFinished, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { makeContacts } from "../support/contacts.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization, type TestPerson } from "../support/server.ts";

const server = await startServer();
let mutations = 0;
const aMutationId = (): string => `mutation-${++mutations}`;

async function watch(organization: TestOrganization, person: TestPerson): Promise<BoardClient> {
  const client = await new BoardClient(server.url, person.cookie, organization.pipeline.id).open();
  onTestFinished(() => client.close());
  return client;
}

const stageOf = ({ pipeline }: TestOrganization, name: string): string =>
  pipeline.stages.find((stage) => stage.name === name)?.id ?? "";

async function changeMany(
  client: BoardClient,
  { pipeline }: TestOrganization,
  select: ContactSelection,
  change: BulkChange,
  mutationId = aMutationId(),
): Promise<BulkAction> {
  const reply = await client.socket.emitWithAck("contacts:change", {
    mutationId,
    pipelineId: pipeline.id,
    select,
    change,
  });
  if (!reply.ok) throw new Error(`${reply.code}: ${reply.message}`);
  return reply.bulk;
}

async function eventsAfter({ token }: TestOrganization, seq: number): Promise<PipelineEvent[]> {
  const { body } = await call<{ events: PipelineEvent[] }>(
    server.url,
    "GET",
    `/events?after=${seq}&limit=1000`,
    { token },
  );
  return body.data.events;
}

/** A process that takes up what others left. */
function anotherProcess() {
  return { ...server.context, bulks: new RunningBulks() };
}

test("[BK1] many contacts change in one commit: one batch, one message, rules for each, others untouched", async () => {
  const organization = await server.anOrganization();
  const closed = stageOf(organization, "Closed");
  const ids = await makeContacts(server, organization, 37);
  const [outsider = "", ...chosen] = ids;
  const rule = await createRule(
    server.context,
    {
      pipelineId: organization.pipeline.id,
      actor: { type: "user", id: organization.owner.id, name: "Ana" },
      mutation: undefined,
    },
    { type: "stage_to_status", stageId: closed, status: "won", enabled: true },
  );
  const ana = await watch(organization, organization.owner);
  const cem = await watch(organization, organization.member);
  const messages = cem.batches.length;
  const bulk = await changeMany(ana, organization, { contactIds: chosen }, { stageId: closed });
  expect(bulk).toMatchObject({ state: "done", total: 36, done: 36, changed: 36, refused: 0 });
  expect(bulk.title).toBe("Moved to Closed");
  await eventually(() => expect(cem.seq).toBe(bulk.seq));
  const [events = [], ...more] = cem.batches.slice(messages);
  expect(more).toEqual([]);
  expect(new Set(events.map(({ batchId }) => batchId))).toEqual(new Set([bulk.id]));
  expect(events.filter(({ type }) => type === "contact.stage_changed")).toHaveLength(36);
  const won = events.filter(({ type }) => type === "contact.status_changed");
  expect(won.map(({ actor, cause }) => [actor.id, cause?.actor.id])).toEqual(
    Array.from({ length: 36 }, () => [rule.id, organization.owner.id]),
  );
  // They stand on top of the stage in the order in which they were chosen.
  expect(cem.column(closed)).toEqual(chosen);
  expect(cem.contacts.get(outsider)).toMatchObject({ leadStatus: "open" });
  expect(cem.pipeline.totals[closed]).toMatchObject({ won: { count: 36, value: 0 } });
});

test("[BK1] contacts that are dropped between two cards stand there together, in their order", async () => {
  const organization = await server.anOrganization();
  const [outreach, interested] = [
    stageOf(organization, "Outreach Sent"),
    stageOf(organization, "Interested"),
  ];
  const ids = await makeContacts(server, organization, 6);
  const ana = await watch(organization, organization.owner);
  const [upper = "", lower = "", a = "", b = "", c = "", rest = ""] = ids;
  await changeMany(ana, organization, { contactIds: [upper, lower] }, { stageId: interested });
  await changeMany(
    ana,
    organization,
    { contactIds: [c, a] },
    { stageId: interested, after: upper, before: lower },
  );
  const last = await changeMany(
    ana,
    organization,
    { contactIds: [b, c] },
    { stageId: interested, after: lower, before: null },
  );
  await eventually(() => expect(ana.seq).toBe(last.seq));
  expect(ana.column(interested)).toEqual([upper, a, lower, b, c]);
  expect(ana.column(outreach)).toEqual([rest]);
});

test("[BK1] more than one commit takes stand in the order in which they were chosen, too", async () => {
  const organization = await server.anOrganization();
  const closed = stageOf(organization, "Closed");
  const [upper = "", lower = "", ...ids] = await makeContacts(server, organization, BULK_AT_ONCE + 12);
  const ana = await watch(organization, organization.owner);
  const standing = async () => {
    const contacts = await ContactModel.find({ stageId: closed }, { _id: 1 }).sort({ rank: 1 }).lean();
    return contacts.map(({ _id }) => String(_id));
  };
  const moveAll = async (change: BulkChange) => {
    const { id } = await changeMany(ana, organization, { contactIds: ids }, change);
    await eventually(async () => expect((await BulkModel.findById(id).lean())?.state).toBe("done"));
  };
  await changeMany(ana, organization, { contactIds: [upper, lower] }, { stageId: closed });
  await moveAll({ stageId: closed });
  expect(await standing()).toEqual([...ids, upper, lower]);
  await moveAll({ after: upper, before: lower });
  expect(await standing()).toEqual([upper, ...ids, lower]);
  await moveAll({ before: upper, after: null });
  expect(await standing()).toEqual([...ids, upper, lower]);
});

test("[BK2] what one contact refuses is told and the rest goes through; what was so already is no change", async () => {
  const organization = await server.anOrganization();
  const [first = "", second = "", third = ""] = await makeContacts(server, organization, 3);
  const stranger = (await makeContacts(server, await server.anOrganization(), 1))[0] ?? "";
  const ana = await watch(organization, organization.owner);
  await changeMany(ana, organization, { contactIds: [first] }, { status: "lost", lostReason: "Price" });
  // A reason goes only with Lost, so it can be given to the first alone.
  const bulk = await changeMany(
    ana,
    organization,
    { contactIds: [first, second, third, stranger] },
    { lostReason: "Timing" },
  );
  expect(bulk).toMatchObject({ state: "done", total: 4, done: 4, changed: 1, refused: 3 });
  expect(bulk.problems.map(({ contactId, message }) => [contactId, message])).toEqual([
    [second, "A lost reason goes only with the status lost"],
    [third, "A lost reason goes only with the status lost"],
    [stranger, "No such contact"],
  ]);
  const again = await changeMany(ana, organization, { contactIds: [first] }, { status: "lost" });
  expect(again).toMatchObject({ changed: 0, refused: 0 });
});

test("[BK3] the same call starts one action, with another call its key is refused", async () => {
  const organization = await server.anOrganization();
  const ids = await makeContacts(server, organization, 3);
  const { token } = organization;
  const post = (body: unknown, key: string) =>
    call<BulkAction>(server.url, "POST", "/bulk-actions", {
      token,
      body,
      headers: { "idempotency-key": key },
    });
  const body = { contact_ids: ids, status: "abandoned" };
  const answers = await Promise.all([post(body, "once"), post(body, "once")]);
  const third = await post(body, "once");
  expect(new Set([...answers, third].map(({ body: { data } }) => data.id)).size).toBe(1);
  expect(third.body.data).toMatchObject({ state: "done", changed: 3 });
  expect((await post({ ...body, status: "lost" }, "once")).body).toMatchObject({ code: "key_reused" });
  const events = await eventsAfter(organization, 3);
  expect(events.filter(({ type }) => type === "contact.status_changed")).toHaveLength(3);
  expect(events.every(({ actor }) => actor.type === "api")).toBe(true);
});

test("[BK4] everything that matches a filter is changed, far beyond one page, in parts with progress", async () => {
  const organization = await server.anOrganization();
  const count = BULK_AT_ONCE + 260;
  const ids = await makeContacts(server, organization, count);
  const ana = await watch(organization, organization.owner);
  const cem = await watch(organization, organization.member);
  await changeMany(ana, organization, { contactIds: ids.slice(0, 5) }, { status: "won" });
  const told: number[] = [];
  const foreign: number[] = [];
  ana.socket.on("bulk:progress", ({ bulk }) => told.push(bulk.done));
  cem.socket.on("bulk:progress", ({ bulk }) => foreign.push(bulk.done));
  const started = await changeMany(
    ana,
    organization,
    { filter: { leadStatus: ["open"] } },
    { status: "abandoned" },
  );
  expect(started).toMatchObject({ state: "running", total: count - 5, done: 0 });
  const done = await eventually(async () => {
    const { body } = await call<BulkAction>(server.url, "GET", `/bulk-actions/${started.id}`, {
      cookie: organization.owner.cookie,
    });
    expect(body.data.state).toBe("done");
    return body.data;
  });
  expect(done).toMatchObject({ done: count - 5, changed: count - 5, refused: 0 });
  await eventually(() => expect(told.at(-1)).toBe(count - 5));
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told.length).toBeGreaterThan(2);
  expect(foreign).toEqual([]);
  await eventually(() => {
    const statuses = [...cem.contacts.values()].map(({ leadStatus }) => leadStatus);
    expect(statuses.filter((status) => status === "abandoned")).toHaveLength(count - 5);
  });
  const batches = new Set(
    cem.batches
      .flat()
      .filter(({ after }) => after.leadStatus === "abandoned")
      .map(({ batchId }) => batchId),
  );
  expect(batches).toEqual(new Set([started.id]));
});

test("[BK5] an action that its process left behind is taken up by another, each contact once", async () => {
  const organization = await server.anOrganization();
  const count = BULK_AT_ONCE + 250;
  const ids = await makeContacts(server, organization, count);
  const dying = anotherProcess();
  const start = changeContacts(dying, {
    organizationId: organization.id,
    pipelineId: organization.pipeline.id,
    select: { contactIds: ids },
    change: { status: "lost", lostReason: "Price" },
    actor: { type: "user", id: organization.owner.id, name: "Ana" },
  });
  const { id } = await start;
  await dying.bulks.stop();
  const left = await BulkModel.findById(id).lean();
  expect(left?.state).toBe("running");
  expect(left?.done).toBeLessThan(count);
  // The process died after a commit and before it could note it: the part is done again, and changes nothing.
  if (left && left.nextPart > 0) {
    await BulkModel.updateOne({ _id: id }, { $inc: { nextPart: -1, done: -250, changed: -250 } });
  }
  await eventually(async () => {
    const record = await BulkModel.findById(id).lean();
    expect(record).toMatchObject({ state: "done", done: count, changed: count });
  });
  const lost = (await eventsAfter(organization, count)).concat(
    await eventsAfter(organization, count + 1_000),
  );
  expect(new Set(lost.map(({ contactId }) => contactId)).size).toBe(count);
  expect(lost).toHaveLength(count);
  expect(await BulkPartModel.countDocuments({ bulkId: id })).toBe(0);
});

test("[BK5] two processes never work on one action, and one that has lost it stops", async () => {
  const organization = await server.anOrganization();
  const ids = await makeContacts(server, organization, BULK_AT_ONCE + 1);
  const [first, second] = [anotherProcess(), anotherProcess()];
  const paused = { ...first, commits: { submit: () => new Promise<never>(() => undefined) } };
  await changeContacts(paused as unknown as typeof first, {
    organizationId: organization.id,
    pipelineId: organization.pipeline.id,
    select: { contactIds: ids },
    change: { status: "won" },
    actor: { type: "user", id: organization.owner.id, name: "Ana" },
  });
  const before = await BulkModel.findOne({ leaseOwner: first.bulks.owner }).lean();
  expect(await claimBulk(second.bulks.owner, new Date())).toBeUndefined();
  const later = new Date(Date.now() + 60_000);
  const taken = await claimBulk(second.bulks.owner, later);
  expect(taken?._id).toEqual(before?._id);
  if (!before || !taken) return;
  const done = await runBulk(second, taken);
  expect(done).toMatchObject({ state: "done", changed: ids.length });
  // It wakes up and goes on with what it believes: every part has its answer already, nothing is counted twice.
  await runBulk({ ...server.context, bulks: first.bulks }, before);
  expect(await BulkModel.findById(before._id).lean()).toMatchObject({ state: "done", changed: ids.length });
});

test("[BK6] a cancel ends the action between two parts; what is done stays and is told", async () => {
  const organization = await server.anOrganization();
  const ids = await makeContacts(server, organization, BULK_AT_ONCE + 250);
  const ana = await watch(organization, organization.owner);
  const cem = await watch(organization, organization.member);
  const started = await changeMany(ana, organization, { contactIds: ids }, { status: "abandoned" });
  const foreign = await cem.socket.emitWithAck("bulk:cancel", { bulkId: started.id });
  expect(foreign).toMatchObject({ ok: false, code: "not_found" });
  expect(await ana.socket.emitWithAck("bulk:cancel", { bulkId: started.id })).toMatchObject({ ok: true });
  const record = await eventually(async () => {
    const found = await BulkModel.findById(started.id).lean();
    expect(found?.state).toBe("cancelled");
    return found;
  });
  expect(record?.done).toBeLessThan(ids.length);
  await eventually(() => {
    const changed = [...ana.contacts.values()].filter(({ leadStatus }) => leadStatus === "abandoned");
    expect(changed).toHaveLength(record?.changed ?? -1);
  });
});

test("[BK7] a member who is removed while their action runs changes nothing more", async () => {
  const organization = await server.anOrganization();
  const ids = await makeContacts(server, organization, 3);
  const actor = { type: "user" as const, id: organization.member.id, name: "Cem" };
  const { adapter } = await server.context.auth.$context;
  await adapter.deleteMany({
    model: "member",
    where: [
      { field: "userId", value: organization.member.id },
      { field: "organizationId", value: organization.id },
    ],
  });
  const bulk = await changeContacts(server.context, {
    organizationId: organization.id,
    pipelineId: organization.pipeline.id,
    select: { contactIds: ids },
    change: { status: "won" },
    actor,
  });
  expect(bulk).toMatchObject({ state: "failed", done: 0, reason: "Cem is no member any more" });
});

test("[BK7] a tag that is deleted and a member who leaves while an action runs come to nobody any more", async () => {
  const organization = await server.anOrganization();
  const { id: organizationId, pipeline, owner, token } = organization;
  const [id = ""] = await makeContacts(server, organization, 1);
  const gone = new mongoose.Types.ObjectId().toHexString();
  const base = { organizationId, pipelineId: pipeline.id, contactIds: [id], title: "" };
  const actor = { type: "user" as const, id: owner.id, name: owner.name };
  for (const change of [{ tags: { add: [gone] } }, { assigneeId: gone }]) {
    const bulk = await startBulk(server.context, { ...base, actor, work: { kind: "change", change } });
    expect(bulk).toMatchObject({ state: "failed", changed: 0 });
  }
  const { body } = await call<{ contact: Contact }>(server.url, "GET", `/contacts/${id}`, { token });
  expect(body.data.contact).toMatchObject({ tagIds: [], assigneeId: null });
});

test("[TN1] [BK8] what a program names wrongly is told by its own words, other tenants' things do not exist", async () => {
  const organization = await server.anOrganization();
  const other = await server.anOrganization();
  const [id = ""] = await makeContacts(server, organization, 1);
  const { token } = organization;
  const post = async (body: unknown) =>
    (await call(server.url, "POST", "/bulk-actions", { token, body })).body;
  expect(await post({ contact_ids: [id] })).toMatchObject({ code: "invalid", issues: [{ path: "status" }] });
  expect(await post({ status: "won" })).toMatchObject({ issues: [{ path: "contact_ids" }] });
  expect(await post({ filter: "stauts=open", status: "won" })).toMatchObject({
    issues: [{ path: "stauts" }],
  });
  expect(await post({ contact_ids: [id], add_tags: ["Nobody"] })).toMatchObject({
    issues: [{ path: "add_tags" }],
  });
  expect(await post({ contact_ids: [id], stage: "Nowhere" })).toMatchObject({ code: "unknown_stage" });
  const foreign = { contact_ids: [id], status: "won", pipeline_id: other.pipeline.id };
  expect(await post(foreign)).toMatchObject({ code: "not_found" });
  expect(await post({ contact_ids: [id], assignee_id: other.member.id })).toMatchObject({ code: "invalid" });
  const done = await post({ filter: "", stage: "interested", follow_up: { due_at: "2026-12-01T09:00:00Z" } });
  expect(done.data).toMatchObject({ state: "done", changed: 1 });
  const { body } = await call<{ contact: Contact }>(server.url, "GET", `/contacts/${id}`, { token });
  expect(body.data.contact).toMatchObject({
    stageId: stageOf(organization, "Interested"),
    followUp: { dueAt: "2026-12-01T09:00:00.000Z" },
  });
  const listed = await call<{ bulk_actions: { id: string }[] }>(server.url, "GET", "/bulk-actions", {
    token,
  });
  expect(listed.body.data.bulk_actions.map((one) => one.id)).toContain((done.data as { id: string }).id);
  const hidden = await call(server.url, "GET", `/bulk-actions/${(done.data as { id: string }).id}`, {
    token: other.token,
  });
  expect(hidden.status).toBe(404);
});
