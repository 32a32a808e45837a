// `npm run bench:list [contacts]`: the first page of a filter with true totals, in a large pipeline. Before each
// question a contact is changed, as it is in life: an answer that was kept would be a wrong one.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApplication } from "@dmtracker/server/app.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { ContactModel, derivedOf, toStoredFields } from "@dmtracker/server/contacts/contact.model.ts";
import { findMatching } from "@dmtracker/server/contacts/find-matching.ts";
import { Rosters } from "@dmtracker/server/contacts/rosters.ts";
import { makeDemo } from "@dmtracker/server/demo/make-demo.ts";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import { connectMongo, disconnectMongo } from "@dmtracker/server/platform/mongo.ts";
import { readEnv } from "@dmtracker/server/platform/env.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Pipeline, Totals } from "@dmtracker/shared/contracts/pipeline.ts";
import mongoose from "mongoose";
import { median, ms, percentile, printTable, type Row } from "./measure.ts";

const CONTACTS = Number(process.argv[2] ?? 100_000);
const CALLS = 40;
const INSERTED_AT_ONCE = 5_000;
const DAY_MS = 86_400_000;
const STATUSES = ["open", "open", "open", "won", "lost", "abandoned"] as const;
const NAMES = ["kim", "ana", "jade", "marcus", "zoe", "lena", "omar", "yuki"];

const dataDir = await mkdtemp(join(tmpdir(), "dmtracker-bench-"));
const embedded = await startEmbeddedMongo({ dir: join(dataDir, "mongo") });
await connectMongo(embedded.url);
const application = await startApplication({
  env: { ...readEnv({}), port: 0, dataDir, logLevel: "fatal" },
  authSecret: "a secret that is only good for measuring, nothing else",
});
const app = application.context;
const { token } = await makeDemo(app);
const headers = { "x-org-auth-token": token };
const record = await PipelineModel.findOne().lean();
if (!record) throw new Error("the demo has no pipeline");
const [pipelineId, organizationId] = [record._id.toHexString(), record.organizationId.toHexString()];
const pattern = await ContactModel.findOne().lean();
if (!pattern) throw new Error("the demo has no contacts");
const tagIds = await ContactModel.distinct("tagIds");
const assigneeIds = await ContactModel.distinct("assigneeId");

/** Contacts like those of the demo, with three years of dates. */
function aRecord(index: number): object {
  const at = (days: number) => new Date(Date.now() - (((index * 7_919) % 1_000) + days) * DAY_MS);
  const name = NAMES[index % NAMES.length] ?? "";
  const fields = {
    username: `${name}.${index}`,
    displayName: `${name} ${NAMES[(index >> 3) % NAMES.length]}`,
    email: index % 3 === 0 ? `${name}.${index}@example.com` : null,
    phone: null,
    lastMessage: { direction: "in" as const, text: "Sounds good, tell me more", at: at(1).toISOString() },
  };
  return {
    ...pattern,
    ...toStoredFields(fields),
    ...derivedOf(fields),
    _id: new mongoose.Types.ObjectId(),
    manychatId: null,
    stageId: new mongoose.Types.ObjectId(record?.stages[index % 6]?.id),
    rank: `b${index.toString(36).padStart(6, "0")}`,
    leadStatus: STATUSES[Math.floor(index / 7) % STATUSES.length],
    value: index % 4 === 0 ? index % 5_000 : null,
    tagIds: tagIds.filter((_id, at) => (index + at) % 5 === 0),
    assigneeId: assigneeIds[index % assigneeIds.length] ?? null,
    createdAt: at(20),
    statusChangedAt: at(3),
    lastActivityAt: at(1),
  };
}

const totals: Totals = record.totals;
for (let from = 0; from < CONTACTS; from += INSERTED_AT_ONCE) {
  const count = Math.min(INSERTED_AT_ONCE, CONTACTS - from);
  const records = Array.from({ length: count }, (_, index) => aRecord(from + index));
  await ContactModel.collection.insertMany(records);
  for (const { stageId, leadStatus, value } of records as unknown as Contact[]) {
    const total = ((totals[String(stageId)] ??= {})[leadStatus] ??= { count: 0, value: 0 });
    total.count += 1;
    total.value += value ?? 0;
  }
}
await PipelineModel.updateOne({ _id: record._id }, { $set: { totals } });

type Answer = { data: { total: number; contacts: { id: string }[]; pipeline: Pipeline } };
const get = async (path: string): Promise<Answer["data"]> => {
  const response = await fetch(`${application.url}/api/v1${path}`, { headers });
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer.data;
};

let changes = 0;
const changed = (await get("/contacts?limit=200&sort=created")).contacts.map(({ id }) => id);
const touch = () => {
  changes += 1;
  return changeContact(app, {
    organizationId,
    contactId: changed[changes % changed.length] ?? "",
    change: { value: changes },
    actor: { type: "system", id: null, name: "DmTracker" },
  });
};

async function timed(calls: number, act: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    await touch();
    const start = performance.now();
    await act();
    taken.push(performance.now() - start);
  }
  return taken;
}

const stages = record.stages.map(({ id }) => id);
const QUESTIONS = {
  "no filter": "",
  "open, Interested": `status=open&stage=${stages[2]}`,
  "won, this month": "status=won&date=status_changed:this_month",
  "lost, Meeting Booked, by value": `status=lost&stage=${stages[3]}&sort=value`,
  "quiet for 14 days, by name": "status=open&quiet=14&sort=username",
  "tag, nobody's or one member's": `tags=any:${String(tagIds[0])}&assignee=nobody,${String(assigneeIds.at(-1))}`,
  "search kim": "q=kim",
  "search kim.4242": "q=kim.4242",
};

const rosterStart = performance.now();
await new Rosters().current(pipelineId);
const cold = performance.now() - rosterStart;

const rows: Row[] = [];
const inDatabase = { ...app, rosters: new Rosters(1) };
for (const [name, query] of Object.entries(QUESTIONS)) {
  const { total } = await get(`/contacts?${query}`);
  const listed = await timed(CALLS, () => get(`/contacts?${query}`));
  const [status, stage] = [new URLSearchParams(query).get("status"), new URLSearchParams(query).get("stage")];
  const isPlain = ["", `status=${status}&stage=${stage}`].includes(query);
  const database = isPlain
    ? await timed(3, async () => {
        const filter = query === "" ? {} : { leadStatus: [status as "open"], stageId: [stage ?? ""] };
        const matching = await findMatching(inDatabase, organizationId, pipelineId, filter);
        await matching.page({ order: { by: "last_activity", direction: "desc" }, limit: 50 });
      })
    : [];
  rows.push({
    row: `${name} (${total})`,
    floor: database.length > 0 ? ms(median(database)) : "",
    product: `${ms(median(listed))}, p95 ${ms(percentile(listed, 0.95))}`,
    ratio: database.length > 0 ? `${(median(listed) / median(database)).toFixed(3)} x` : "",
    target: "p50 <= 50 ms",
  });
}
const board = await timed(CALLS, () => get(`/pipelines/${pipelineId}/board?status=open`));
rows.push({
  row: "board, open",
  floor: "",
  product: `${ms(median(board))}, p95 ${ms(percentile(board, 0.95))}`,
  ratio: "",
  target: "p50 <= 50 ms",
});
printTable(
  `First page with true totals of ${CONTACTS} contacts. Floor: counted by the built-in database.`,
  rows,
);
console.log(`first question after a start: ${cold.toFixed(0)} ms more`);
await application.stop();
await disconnectMongo();
await embedded.stop();
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
