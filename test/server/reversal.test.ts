import type { BulkAction, UndoAnswer } from "@dmtracker/shared/contracts/bulk.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import { UNDO_MINUTES } from "@dmtracker/shared/contracts/limits.ts";
import type { ReversalPreview } from "@dmtracker/shared/contracts/reversal.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
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

async function change(client: BoardClient, contactId: string, wish: ContactChange): Promise<string> {
  const mutationId = aMutationId();
  const reply = await client.change({ ...wish, mutationId, contactId });
  if (!reply.ok) throw new Error(reply.message);
  await eventually(() => expect(client.seq).toBeGreaterThanOrEqual(reply.seq));
  return mutationId;
}

async function undo(client: BoardClient, undoes: string, mutationId = aMutationId()): Promise<UndoAnswer> {
  const reply = await client.socket.emitWithAck("change:undo", { mutationId, undoes });
  if (!reply.ok) throw new Error(`${reply.code}: ${reply.message}`);
  await eventually(() => expect(client.seq).toBeGreaterThanOrEqual(reply.seq));
  return reply;
}

function work(contact: Contact | undefined): Partial<Contact> {
  const { version: _version, seq: _seq, lastActivityAt: _lastActivityAt, ...rest } = contact as Contact;
  return rest;
}

const addRule = ({ pipeline, owner }: TestOrganization, stageId: string) =>
  createRule(
    server.context,
    { pipelineId: pipeline.id, actor: { type: "user", id: owner.id, name: "Ana" }, mutation: undefined },
    { type: "stage_to_status", stageId, status: "won", enabled: true },
  );

test("[UN1] [UN3] one's own move is undone with what a rule added: the same place, and the win is withdrawn", async () => {
  const organization = await server.anOrganization();
  const closed = stageOf(organization, "Closed");
  await addRule(organization, closed);
  const [top = "", moved = "", low = ""] = await makeContacts(server, organization, 3);
  const cem = await watch(organization, organization.member);
  const ana = await watch(organization, organization.owner);
  const dueAt = new Date(Date.now() + 86_400_000).toISOString();
  await change(cem, moved, { followUp: { act: "schedule", dueAt, note: "Ask again" } });
  const before = cem.contacts.get(moved);
  const mutationId = await change(cem, moved, { stageId: closed, value: 900 });
  const won = { stageId: closed, leadStatus: "won", value: 900, followUp: null };
  expect(cem.contacts.get(moved)).toMatchObject(won);
  await eventually(() => expect(ana.seq).toBe(cem.seq));
  const messages = ana.batches.length;
  const undoId = aMutationId();
  const done = await undo(cem, mutationId, undoId);
  expect(done).toMatchObject({ changed: 1, problems: [], bulk: null });
  expect(await undo(cem, mutationId, undoId)).toEqual(done);
  expect(work(cem.contacts.get(moved))).toEqual(work(before));
  expect(cem.column(before?.stageId ?? "")).toEqual([top, moved, low]);
  expect(cem.pipeline.totals[closed]?.won).toEqual({ count: 0, value: 0 });
  await eventually(() => expect(ana.seq).toBe(done.seq));
  expect(ana.batches.slice(messages)).toHaveLength(1);
  for (const event of ana.batches.at(-1) ?? []) {
    expect(event.undoes).toMatchObject({ by: "undo", actor: { id: organization.member.id } });
    expect(event.actor).toMatchObject({ type: "user", id: organization.member.id });
  }
});

test("[UN2] what a colleague has changed since stays, and the answer names them", async () => {
  const organization = await server.anOrganization();
  const [id = ""] = await makeContacts(server, organization, 1);
  const cem = await watch(organization, organization.member);
  const ana = await watch(organization, organization.owner);
  const mutationId = await change(cem, id, {
    status: "lost",
    lostReason: "Price",
    assigneeId: organization.member.id,
  });
  await change(ana, id, { status: "abandoned" });
  const done = await undo(cem, mutationId);
  expect(done.problems.map(({ contactId, message }) => [contactId, message])).toEqual([
    [id, "Ana has changed the lead status since"],
  ]);
  expect(cem.contacts.get(id)).toMatchObject({ leadStatus: "abandoned", assigneeId: null });
});

test("[RK2] an undone move finds its old place taken: it stands right below", async () => {
  const organization = await server.anOrganization();
  const [a = "", b = "", c = "", d = ""] = await makeContacts(server, organization, 4);
  const outreach = stageOf(organization, "Outreach Sent");
  const cem = await watch(organization, organization.member);
  const mutationId = await change(cem, b, { stageId: stageOf(organization, "Interested") });
  const rank = cem.contacts.get(a)?.rank;
  await change(cem, d, { after: a, before: c });
  await undo(cem, mutationId);
  const ranks = cem.column(outreach).map((id) => cem.contacts.get(id)?.rank);
  expect(new Set(ranks).size).toBe(4);
  expect(ranks[0]).toBe(rank);
  expect(new Set(cem.column(outreach).slice(1, 3))).toEqual(new Set([b, d]));
});

test("[UN5] a bulk change is undone as one batch, in one message", async () => {
  const organization = await server.anOrganization();
  const ids = await makeContacts(server, organization, 12);
  const cem = await watch(organization, organization.member);
  const ana = await watch(organization, organization.owner);
  const before = new Map([...cem.contacts].map(([id, contact]) => [id, work(contact)]));
  const bulkId = aMutationId();
  const reply = await cem.socket.emitWithAck("contacts:change", {
    mutationId: bulkId,
    pipelineId: organization.pipeline.id,
    select: { contactIds: ids },
    change: {
      status: "abandoned",
      stageId: stageOf(organization, "Lost"),
      assigneeId: organization.owner.id,
    },
  });
  expect(reply).toMatchObject({ ok: true, bulk: { changed: 12 } });
  await eventually(() => expect(ana.seq).toBe(cem.seq));
  await change(ana, ids[3] ?? "", { status: "won" });
  const messages = ana.batches.length;
  const done = await undo(cem, bulkId);
  expect(done.bulk).toMatchObject({ kind: "undo", state: "done", total: 12, changed: 12 });
  expect(done.problems).toHaveLength(1);
  await eventually(() => expect(ana.seq).toBe(done.seq));
  expect(ana.batches.slice(messages)).toHaveLength(1);
  for (const id of ids) {
    if (id === ids[3]) expect(cem.contacts.get(id)?.leadStatus).toBe("won");
    else expect(work(cem.contacts.get(id))).toEqual(before.get(id));
  }
});

test("[UN6] people undo their own changes, for a while; others' do not exist for them", async () => {
  const organization = await server.anOrganization();
  const [id = ""] = await makeContacts(server, organization, 1);
  const cem = await watch(organization, organization.member);
  const ana = await watch(organization, organization.owner);
  await change(ana, id, { status: "won" });
  const batchId = ana.batches.at(-1)?.[0]?.batchId;
  const post = (person: TestPerson, body: unknown) =>
    call(server.url, "POST", "/undo", { cookie: person.cookie, body });
  expect((await post(organization.member, { batch_id: batchId })).status).toBe(404);
  expect(
    await cem.socket.emitWithAck("change:undo", { mutationId: aMutationId(), undoes: "mutation-none" }),
  ).toMatchObject({
    ok: false,
    code: "not_found",
  });
  const at = new Date(Date.now() - (UNDO_MINUTES + 1) * 60_000);
  const old = await changeContact(server.context, {
    organizationId: organization.id,
    contactId: id,
    change: { status: "lost" },
    actor: { type: "user", id: organization.member.id, name: "Cem" },
    at,
  });
  expect((await post(organization.member, { batch_id: old.batchId })).body).toMatchObject({
    code: "forbidden",
  });
  expect((await post(organization.owner, { batch_id: batchId })).body.data).toMatchObject({ changed: 0 });
});

test("[RV1] [RV3] an admin sees what a reversal would do, then everything a rule did since a moment is taken back", async () => {
  const organization = await server.anOrganization();
  const { admin, member, pipeline } = organization;
  const [closed, booked] = [stageOf(organization, "Closed"), stageOf(organization, "Meeting Booked")];
  const ids = await makeContacts(server, organization, 4);
  const [first = "", second = "", third = "", fourth = ""] = ids;
  const cem = await watch(organization, member);
  const since = new Date(Date.now() - 60_000).toISOString();
  const rule = await addRule(organization, closed);
  for (const id of [first, second, third]) await change(cem, id, { stageId: closed });
  await change(cem, fourth, { stageId: closed, status: "open" });
  await change(cem, third, { status: "lost", lostReason: "Price" });
  await change(cem, second, { stageId: booked });
  const { seq } = cem;
  const body = { rule_id: rule.id, since };
  const refused = await call(server.url, "POST", "/reversals/preview", { cookie: member.cookie, body });
  expect(refused.status).toBe(403);
  expect((await call(server.url, "POST", "/reversals", { cookie: member.cookie, body })).status).toBe(403);
  expect((await call(server.url, "POST", "/reversals", { token: organization.token, body })).status).toBe(
    403,
  );
  const { data: preview } = (
    await call<ReversalPreview>(server.url, "POST", "/reversals/preview", { cookie: admin.cookie, body })
  ).body;
  expect(preview).toMatchObject({
    title: "changes by automation Closed sets Won",
    total: 3,
    changing: 2,
    skipping: 1,
  });
  const told = new Map(preview.contacts.map((one) => [one.contactId, one]));
  expect(told.get(third)).toMatchObject({ events: [], skipped: ["Cem has changed the lead status since"] });
  expect(told.get(first)?.events).toMatchObject([
    { type: "contact.status_changed", before: { leadStatus: "won" }, after: { leadStatus: "open" } },
  ]);
  // Only looked at: nothing was written.
  expect(
    (
      await call<{ pipelines: { seq: number }[] }>(server.url, "GET", "/pipelines", {
        token: organization.token,
      })
    ).body.data.pipelines[0]?.seq,
  ).toBe(seq);
  const reversal = await call<BulkAction>(server.url, "POST", "/reversals", {
    cookie: admin.cookie,
    body: { ...body, pipeline_id: pipeline.id },
    headers: { "idempotency-key": "reverse-once" },
  });
  expect(reversal.body.data).toMatchObject({
    kind: "reversal",
    state: "done",
    total: 3,
    changed: 2,
    refused: 1,
  });
  await eventually(() => expect(cem.seq).toBe(reversal.body.data.seq));
  expect(cem.contacts.get(first)).toMatchObject({ leadStatus: "open", stageId: closed });
  expect(cem.contacts.get(second)).toMatchObject({ leadStatus: "open", stageId: booked });
  expect(cem.contacts.get(third)).toMatchObject({ leadStatus: "lost", lostReason: "Price" });
  for (const event of cem.batches.at(-1) ?? []) {
    expect(event).toMatchObject({
      actor: { id: admin.id },
      undoes: { by: "reversal", actor: { type: "automation", id: rule.id } },
    });
  }
});

test("[RV2] one member's and one token's work goes, rule effects with it; what others did stays", async () => {
  const organization = await server.anOrganization();
  const { admin, member, owner, token } = organization;
  const ids = await makeContacts(server, organization, 3);
  const [first = "", second = "", third = ""] = ids;
  const closed = stageOf(organization, "Closed");
  await addRule(organization, closed);
  const cem = await watch(organization, member);
  const ana = await watch(organization, owner);
  const since = new Date(Date.now() - 60_000).toISOString();
  const before = work(cem.contacts.get(first));
  await change(cem, first, { stageId: closed });
  await change(cem, first, { assigneeId: member.id });
  await change(ana, second, { status: "abandoned" });
  const { body } = await call<{ contact_id: string }>(server.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: third, status: "lost" },
  });
  expect(body.status).toBe("success");
  const reverse = (cause: object) =>
    call<BulkAction>(server.url, "POST", "/reversals", { cookie: admin.cookie, body: { ...cause, since } });
  expect((await reverse({ member_id: member.id })).body.data).toMatchObject({ total: 1, changed: 1 });
  const byToken = await eventually(() => {
    const event = ana.batches.flat().find(({ actor }) => actor.type === "api");
    expect(event).toBeDefined();
    return event;
  });
  const last = await reverse({ token_id: byToken?.actor.id });
  expect(last.body.data).toMatchObject({ total: 1, changed: 1, title: "Reversed changes by API token n8n" });
  await eventually(() => expect(cem.seq).toBe(last.body.data.seq));
  expect(work(cem.contacts.get(first))).toEqual(before);
  expect(cem.contacts.get(second)).toMatchObject({ leadStatus: "abandoned" });
  expect(cem.contacts.get(third)).toMatchObject({ leadStatus: "open" });
});

test("[RV4] an admin reverses somebody's bulk action long after, by its batch; other organizations see nothing", async () => {
  const organization = await server.anOrganization();
  const { admin, member, pipeline } = organization;
  const other = await server.anOrganization();
  const ids = await makeContacts(server, organization, 5);
  const cem = await watch(organization, member);
  const reply = await cem.socket.emitWithAck("contacts:change", {
    mutationId: aMutationId(),
    pipelineId: pipeline.id,
    select: { contactIds: ids },
    change: { status: "won", value: 100 },
  });
  const bulkId = reply.ok ? reply.bulk.id : "";
  const post = (cookie: string) =>
    call<BulkAction>(server.url, "POST", "/reversals", { cookie, body: { batch_id: bulkId } });
  expect((await post(other.admin.cookie)).status).toBe(404);
  const done = await post(admin.cookie);
  expect(done.body.data).toMatchObject({ changed: 5, title: "Reversed “Marked as Won” by Cem" });
  await eventually(() => expect(cem.seq).toBe(done.body.data.seq));
  for (const id of ids) expect(cem.contacts.get(id)).toMatchObject({ leadStatus: "open", value: null });
});
