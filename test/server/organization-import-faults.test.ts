import { BulkModel, type BulkRecord } from "@dmtracker/server/bulk/bulk.model.ts";
import { EventModel } from "@dmtracker/server/activity/event.model.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { RunningBulks } from "@dmtracker/server/bulk/running-bulks.ts";
import { wakeParked } from "@dmtracker/server/follow-ups/wake-parked.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import { ViewModel } from "@dmtracker/server/views/view.model.ts";
import { ImportModel, ImportPartModel } from "@dmtracker/server/import/import.model.ts";
import { importFilePart, type FileWork } from "@dmtracker/server/organization-file/import-file-part.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { expect, test, vi } from "vitest";
import { makeContacts } from "../support/contacts.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { asRuleCall, organizationFiles, withoutIds } from "../support/organization-file.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer({ bulksEveryMs: 40 });
const { own, exported, upload, start, ended, takeIn, aLivedOne } = organizationFiles(server);

/** An import that has begun and that nobody works on but who holds the lease `ours`. */
async function held(organization: TestOrganization, file: Buffer | string): Promise<BulkRecord> {
  const { data } = (await upload(organization, file)).body;
  const before = server.context.bulks;
  const stopped = (server.context.bulks = new RunningBulks());
  await stopped.stop();
  await start(organization, data.id);
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
