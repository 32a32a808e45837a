import { EventModel, toEventRecord } from "@dmtracker/server/activity/event.model.ts";
import { saveSettings } from "@dmtracker/server/organizations/organization-settings.store.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Report, ReportContacts } from "@dmtracker/shared/contracts/reports.ts";
import mongoose from "mongoose";
import { beforeAll, expect, test, vi } from "vitest";
import { aRule } from "../support/factories.ts";
import { generateHistory } from "../support/generated-history.ts";
import { call } from "../support/http.ts";
import { livesOf, recount, type Life, type RecountAsked } from "../support/recount.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

// Berlin's clocks go forward on 29 March 2026: these days have 23 hours less than 11 times 24.
const PERIOD = "2026-03-25..2026-04-04";
const FROM = Date.parse("2026-03-24T23:00:00Z");
const UNTIL = Date.parse("2026-04-04T22:00:00Z");

const inBerlin = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin", dateStyle: "short" });

/** Hour by hour, until the calendar of Berlin shows another day. */
function endOfDayInBerlin(at: number): number {
  let end = Math.ceil(at / 3_600_000) * 3_600_000;
  if (end === at) end += 3_600_000;
  while (inBerlin.format(end) === inBerlin.format(at)) end += 3_600_000;
  return end;
}

/** `RECOUNT_EVENTS=1000000 NODE_OPTIONS=--max-old-space-size=12000 npx vitest run --project core server/reports` takes minutes. */
const EVENTS = Number(process.env.RECOUNT_EVENTS ?? 20_000);
const CONTACTS_PER_EVENT = 0.075;
const LIMIT_MS = EVENTS > 20_000 ? 1_800_000 : 60_000;
vi.setConfig({ testTimeout: LIMIT_MS });

let organization: TestOrganization;
let events: PipelineEvent[];
let lives: Life[];
let stageIds: string[];

async function saveEvents(): Promise<void> {
  const records = events.map((event) => toEventRecord(event, organization.id));
  for (let from = 0; from < records.length; from += 2_000)
    await EventModel.collection.insertMany(records.slice(from, from + 2_000));
  await PipelineModel.updateOne({ _id: organization.pipeline.id }, { seq: events.at(-1)?.seq });
}

beforeAll(async () => {
  organization = await server.anOrganization();
  await saveSettings(organization.id, { timeZone: "Europe/Berlin" });
  const { pipeline, owner, admin, member } = organization;
  stageIds = pipeline.stages.map(({ id }) => id);
  events = [];
  generateHistory(
    {
      seed: 7,
      contacts: Math.round(EVENTS * CONTACTS_PER_EVENT),
      events: EVENTS,
      pipelineId: pipeline.id,
      stages: pipeline.stages,
      rules: [
        aRule("stage_to_status", stageIds[4] ?? "", "won"),
        aRule("stage_to_status", stageIds[5] ?? "", "lost"),
        aRule("status_to_stage", stageIds[5] ?? "", "abandoned"),
      ],
      people: [owner, admin, member],
      from: Date.parse("2026-02-01T00:00:00Z"),
      until: Date.parse("2026-05-01T00:00:00Z"),
      head: 0,
      anId: () => new mongoose.Types.ObjectId().toHexString(),
    },
    (event) => events.push(event),
  );
  await saveEvents();
  lives = livesOf(events);
}, LIMIT_MS);

const load = async (query: string): Promise<Report> => {
  const { status, body } = await call<Report>(server.url, "GET", `/reports?${query}`, {
    cookie: organization.member.cookie,
  });
  expect(status, body.message).toBe(200);
  return body.data;
};

const behind = async (query: string): Promise<ReportContacts> => {
  const path = `/reports/contacts?period=${PERIOD}&${query}`;
  const { status, body } = await call<ReportContacts>(server.url, "GET", path, {
    cookie: organization.member.cookie,
  });
  expect(status, body.message).toBe(200);
  return body.data;
};

function check(report: Report, asked: readonly Life[], span: Pick<RecountAsked, "from" | "until">): void {
  const { bookingStageId } = report;
  const plain = recount(asked, { ...span, stageIds, bookingStageId, endOfDay: endOfDayInBerlin });
  const { now, created, won, lost, abandoned } = report;
  expect({ now, created, won, lost, abandoned }).toEqual({
    now: plain.now,
    created: plain.created,
    won: plain.won,
    lost: plain.lost,
    abandoned: plain.abandoned,
  });
  const decided = plain.won.count + plain.lost.count;
  expect(report.winRate).toBe(decided === 0 ? null : plain.won.count / decided);
  for (const { id, name, colour: _colour, isFormer, lostReasons, ...figures } of report.stages) {
    const { reasons, ...expected } = plain.stages(id);
    expect({ name, isFormer, ...figures }).toEqual({ name, isFormer: false, ...expected });
    expect(new Map(lostReasons.map(({ reason, count }) => [reason, count])), name).toEqual(reasons);
  }
  expect(new Map(report.moves.map(({ from, to, count }) => [`${from} ${to}`, count]))).toEqual(plain.moves);
  for (const { id, name, isMember: _isMember, ...figures } of report.members)
    expect({ name, ...figures }).toEqual({ name, ...plain.members(id) });
}

test("[RP1] every figure of thousands of generated events is what a plain recount finds, across a change of clocks", async () => {
  const report = await load(`period=${PERIOD}`);
  expect(report).toMatchObject({ seq: events.length, timeZone: "Europe/Berlin" });
  expect(report.won.count).toBeGreaterThan(20);
  expect(report.stages).toHaveLength(7);
  expect(report.members).toHaveLength(4);
  check(report, lives, { from: FROM, until: UNTIL });
});

test("[RP1] so are those of all time, and of contacts of one person or one source", async () => {
  const everything = { from: Date.parse("1999-12-31T23:00:00Z"), until: Date.parse("2030-01-01T23:00:00Z") };
  const { owner } = organization;
  // Asked first and recounted afterwards: a recount takes longer than an idle connection is kept.
  const [all, ofOwner, ofImport] = [
    await load("period=2000-01-01..2030-01-01"),
    await load(`period=${PERIOD}&assignee=${owner.id},nobody`),
    await load(`period=${PERIOD}&source=import`),
  ];
  check(all, lives, everything);
  const own = lives.filter(({ contact }) => contact.assigneeId === owner.id || contact.assigneeId === null);
  check(ofOwner, own, { from: FROM, until: UNTIL });
  const imported = lives.filter(({ contact }) => contact.source === "import");
  check(ofImport, imported, { from: FROM, until: UNTIL });
});

test("[RP2] the parts of a period add up to it, each within its own days", async () => {
  const report = await load(`period=${PERIOD}`);
  expect(report.unit).toBe("day");
  expect(report.points.map(({ from }) => from)).toEqual(
    Array.from({ length: 11 }, (_, index) =>
      new Date(Date.UTC(2026, 2, 25 + index)).toISOString().slice(0, 10),
    ),
  );
  for (const { from, created, won, lost, abandoned } of report.points) {
    const on = (at: string) => inBerlin.format(Date.parse(at)) === from;
    const became = (status: string) =>
      lives.filter(({ contact }) => contact.leadStatus === status && on(contact.statusChangedAt)).length;
    expect({ created, won, lost, abandoned }).toEqual({
      created: lives.filter(({ contact }) => on(contact.createdAt)).length,
      won: became("won"),
      lost: became("lost"),
      abandoned: became("abandoned"),
    });
  }
});

test("[RP3] behind every number stand exactly as many contacts as it says", async () => {
  const report = await load(`period=${PERIOD}`);
  const booked = `booking=${report.bookingStageId}`;
  for (const { id, entered, wentOn, wonAfter, won, lost, abandoned, lostReasons } of report.stages) {
    const stage = id ?? "none";
    if (id !== null) {
      expect((await behind(`figure=entered&stage=${id}`)).total).toBe(entered);
      expect((await behind(`figure=went_on&stage=${id}`)).total).toBe(wentOn);
      expect((await behind(`figure=won_after&stage=${id}`)).total).toBe(wonAfter);
    }
    for (const [status, count] of Object.entries({ won, lost, abandoned }))
      expect((await behind(`figure=came_from&stage=${stage}&status=${status}`)).total).toBe(count);
    for (const { reason, count } of lostReasons) {
      const query = `figure=came_from&stage=${stage}&status=lost&reason=${encodeURIComponent(reason ?? "")}`;
      const { contactIds } = await behind(query);
      expect(contactIds).toHaveLength(count);
      for (const contactId of contactIds)
        expect(lives.find(({ contact }) => contact.id === contactId)?.contact.lostReason).toBe(reason);
    }
  }
  for (const { id, contacted, replied, bookings, wins } of report.members) {
    const member = `member=${id ?? "nobody"}`;
    expect((await behind(`figure=contacted&${member}`)).total).toBe(contacted);
    expect((await behind(`figure=replied&${member}`)).total).toBe(replied);
    expect((await behind(`figure=booked&${booked}&${member}`)).total).toBe(bookings);
    expect((await behind(`figure=won_by&${member}`)).total).toBe(wins);
  }
});

test("[RP4] a report holds every change that was acknowledged before it was asked", async () => {
  const { token, pipeline, owner } = await server.anOrganization();
  const read = async () =>
    (await call<Report>(server.url, "GET", "/reports?period=today", { cookie: owner.cookie })).body.data;
  expect((await read()).created).toBe(0);
  for (let made = 1; made <= 5; made += 1) {
    await call(server.url, "POST", "/organization/create-contact", {
      token,
      body: { username: `new.${made}`, stage: pipeline.stages[2]?.name, status: made % 2 ? "won" : "lost" },
    });
    const report = await read();
    expect(report.now.won.count + report.now.lost.count).toBe(made);
    expect(report.won.count).toBe(Math.ceil(made / 2));
  }
});

test("[RP3] questions about what a pipeline has never heard of find nobody and leave nothing in its book", async () => {
  const { token, pipeline } = organization;
  const { pipelineId } = await load(`period=${PERIOD}`);
  expect(pipelineId).toBe(pipeline.id);
  const size = () => server.context.reportBooks.read(pipeline.id, ({ book }) => book.texts.size);
  const before = await size();
  const anId = () => new mongoose.Types.ObjectId().toHexString();
  expect((await load(`period=${PERIOD}&assignee=${anId()}`)).created).toBe(0);
  for (const figure of [
    `contacted&member=${anId()}`,
    `entered&stage=${anId()}`,
    `moved&stage=${anId()}&to=${anId()}`,
  ]) {
    const { body } = await call<ReportContacts>(
      server.url,
      "GET",
      `/reports/contacts?period=${PERIOD}&figure=${figure}`,
      { token },
    );
    expect(body.data.total).toBe(0);
  }
  expect(await size()).toBe(before);
});

test("[RP5] [TN1] what a report cannot mean is refused by name, and nobody's pipeline is nobody else's", async () => {
  const stranger = await server.anOrganization();
  const ask = (query: string) =>
    call(server.url, "GET", `/reports${query}`, { cookie: stranger.member.cookie });
  const wrong = await ask("?period=2026-02-30..2026-03-01");
  expect(wrong.status).toBe(400);
  expect(wrong.body.issues?.[0]).toMatchObject({ path: "period" });
  expect((await ask("?colour=red")).status).toBe(400);
  expect((await ask(`?pipeline_id=${organization.pipeline.id}`)).status).toBe(404);
  expect((await call(server.url, "GET", "/reports")).status).toBe(401);
  const figure = await call(server.url, "GET", "/reports/contacts?figure=entered", {
    cookie: stranger.member.cookie,
  });
  expect(figure.body.issues?.[0]).toMatchObject({ path: "stage" });
});
