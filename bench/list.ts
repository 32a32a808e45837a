// `npm run bench:list [contacts]`: the first page of a filter with true totals, in a large pipeline. Before each
// question a contact is changed, as it is in life: an answer that was kept would be a wrong one.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApplication } from "@dmtracker/server/app.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { findMatching } from "@dmtracker/server/contacts/find-matching.ts";
import { Rosters } from "@dmtracker/server/contacts/rosters.ts";
import { makeDemo } from "@dmtracker/server/demo/make-demo.ts";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import { connectMongo, disconnectMongo } from "@dmtracker/server/platform/mongo.ts";
import { readEnv } from "@dmtracker/server/platform/env.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { fillPipeline } from "./fill-pipeline.ts";
import { median, ms, percentile, printTable, type Row } from "./measure.ts";

const CONTACTS = Number(process.argv[2] ?? 100_000);
const CALLS = 40;

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
const tagIds = await ContactModel.distinct("tagIds");
const assigneeIds = await ContactModel.distinct("assigneeId");
await fillPipeline(CONTACTS);

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
    id: "P10",
    row: `${name} (${total})`,
    floor: database.length > 0 ? ms(median(database)) : "",
    product: `${ms(median(listed))}, p95 ${ms(percentile(listed, 0.95))}`,
    ratio: database.length > 0 ? `${(median(listed) / median(database)).toFixed(3)} x` : "",
    target: "p50 <= 50 ms",
    isReached: median(listed) <= 50,
  });
}
const board = await timed(CALLS, () => get(`/pipelines/${pipelineId}/board?status=open`));
rows.push({
  id: "P10",
  row: "board, open",
  floor: "",
  product: `${ms(median(board))}, p95 ${ms(percentile(board, 0.95))}`,
  ratio: "",
  target: "p50 <= 50 ms",
  isReached: median(board) <= 50,
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
