// `npm run bench:reports [events]`: a report over a long log, and what it costs those who change contacts meanwhile.
// Before each report a contact is changed, as it is in life: an answer that was kept would be a wrong one.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventModel, toEventRecord } from "@dmtracker/server/activity/event.model.ts";
import { startApplication } from "@dmtracker/server/app.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { makeDemo } from "@dmtracker/server/demo/make-demo.ts";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { findPipelines } from "@dmtracker/server/pipeline/pipeline.store.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import { readEnv } from "@dmtracker/server/platform/env.ts";
import { connectMongo, disconnectMongo } from "@dmtracker/server/platform/mongo.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import mongoose from "mongoose";
import { generateHistory } from "../test/support/generated-history.ts";
import { atMost, median, ms, percentile, printTable, times, type Row } from "./measure.ts";

const EVENTS = Number(process.argv[2] ?? 1_000_000);
const CONTACTS = EVENTS / 10;
const PARTS = 20;
const INSERTED_AT_ONCE = 5_000;
const CALLS = 20;
const PATCHES = 400;
const DAY_MS = 86_400_000;
const DAYS = 365;

const dataDir = await mkdtemp(join(tmpdir(), "dmtracker-bench-"));
const embedded = await startEmbeddedMongo({ dir: join(dataDir, "mongo") });
await connectMongo(embedded.url);
const start = () =>
  startApplication({
    env: { ...readEnv({}), port: 0, dataDir, logLevel: "fatal" },
    authSecret: "a secret that is only good for measuring, nothing else",
  });
let application = await start();
const { token } = await makeDemo(application.context);
const headers = { "x-org-auth-token": token, "content-type": "application/json" };
const record = await PipelineModel.findOne().lean();
const organizationId = record?.organizationId.toHexString() ?? "";
const [pipeline] = await findPipelines(organizationId);
if (!pipeline) throw new Error("the demo has no pipeline");
const changed = (await ContactModel.find({}, { _id: 1 }).limit(200).lean()).map(({ _id }) =>
  _id.toHexString(),
);
const people = (await ContactModel.distinct("assigneeId")).flatMap((id) =>
  id === null ? [] : [{ id: String(id), name: `Member ${String(id).slice(-4)}` }],
);

let head = pipeline.seq;
const firstDay = Date.now() - DAYS * DAY_MS;
for (let part = 0; part < PARTS; part += 1) {
  const events: PipelineEvent[] = [];
  const made = generateHistory(
    {
      seed: part,
      contacts: CONTACTS / PARTS,
      events: EVENTS / PARTS,
      pipelineId: pipeline.id,
      stages: pipeline.stages,
      rules: pipeline.rules,
      people,
      from: firstDay + (DAYS * DAY_MS * part) / PARTS,
      until: firstDay + (DAYS * DAY_MS * (part + 1)) / PARTS,
      head,
      anId: () => new mongoose.Types.ObjectId().toHexString(),
    },
    (event) => events.push(event),
  );
  for (let from = 0; from < events.length; from += INSERTED_AT_ONCE) {
    const some = events.slice(from, from + INSERTED_AT_ONCE);
    await EventModel.collection.insertMany(some.map((event) => toEventRecord(event, organizationId)));
  }
  ({ head } = made);
}
await PipelineModel.updateOne({ _id: pipeline.id }, { $set: { seq: head } });

async function call(path: string, init: RequestInit = {}): Promise<number> {
  const began = performance.now();
  const response = await fetch(`${application.url}/api/v1${path}`, { headers, ...init });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return performance.now() - began;
}
let changes = 0;
const patch = (): Promise<number> => {
  changes += 1;
  const body = JSON.stringify({ contact_id: changed[changes % changed.length], value: changes });
  return call("/contact/contact-status", { method: "PATCH", body });
};
async function patches(): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < PATCHES; index += 1) taken.push(await patch());
  return taken;
}

const first = await call("/reports?period=this_month");
// Waits until the book is written down.
await call("/reports?period=this_month");
await application.stop();
application = await start();
const again = await call("/reports?period=this_month");
const rows: Row[] = [];
const QUESTIONS = {
  "this month": "period=this_month",
  "all of it": "period=2000-01-01..2030-01-01",
  "one member's, last 30 days": `period=last_30_days&assignee=${people[0]?.id ?? ""}`,
};
for (const [name, query] of Object.entries(QUESTIONS)) {
  const taken: number[] = [];
  for (let index = 0; index < CALLS; index += 1) {
    await patch();
    taken.push(await call(`/reports?${query}`));
  }
  rows.push({
    id: "P11",
    row: `report, ${name}`,
    floor: "",
    product: `${ms(median(taken))}, p95 ${ms(percentile(taken, 0.95))}`,
    ratio: "",
    target: "<= 1 s",
    isReached: median(taken) <= 1_000,
  });
}

const began = performance.now();
await EventModel.aggregate([
  { $match: { pipelineId: new mongoose.Types.ObjectId(pipeline.id), type: "contact.status_changed" } },
  { $group: { _id: "$after.leadStatus", count: { $sum: 1 } } },
]);
rows.push({
  row: "one figure counted by the database from raw events",
  floor: ms(performance.now() - began),
  product: "",
  ratio: "",
  target: "",
});

await patches();
const [alone, beside]: [number[], number[]] = [[], []];
for (let round = 0; round < 3; round += 1) {
  alone.push(...(await patches()));
  let asking = true;
  // One manager looks on: a live page asks once a second at most, this one asks again at once.
  const looks = (async () => {
    while (asking) await call("/reports?period=this_month");
  })();
  beside.push(...(await patches()));
  asking = false;
  await looks;
}
for (const share of [0.5, 0.99]) {
  const [floor, product] = [percentile(alone, share), percentile(beside, share)];
  rows.push({
    ...(share === 0.99 && { id: "P11" }),
    row: `PATCH p${share * 100} while reports are asked without a pause`,
    floor: ms(floor),
    product: ms(product),
    ...(share === 0.99 ? atMost(product / floor, 2) : { ratio: times(product / floor), target: "" }),
  });
}
printTable(`Reports over ${head} events of ${CONTACTS} contacts. Floor: without reports.`, rows);
console.log(`first report of all: ${ms(first)}; first report after a start: ${ms(again)}`);
await application.stop();
await disconnectMongo();
await embedded.stop();
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
