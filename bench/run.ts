// `npm run bench`: the product against floors measured in the same run. Only the ratios mean anything elsewhere.
import { gzipSync } from "node:zlib";
import { median, ms, percentile, perSecond, printTable, times, type Row } from "./measure.ts";
import { startFloor, startProduct } from "./processes.ts";
import { Viewers } from "./viewers.ts";

const VIEWERS = 200;
const ROUNDS = 4;
const CALLS = 100;
const LOAD_MS = 3_000;
const LOAD_WORKERS = 48;
const BIG_BOARD = 10_000;

const floor = await startFloor();
const product = await startProduct();
const { url = "", token = "", email = "", password = "" } = product.printed;
const floorUrl = floor.printed.url ?? "";
const headers = { "content-type": "application/json", "x-org-auth-token": token };

type Answer = {
  data: {
    seq: number;
    pipelines: { id: string; stages: { id: string }[] }[];
    events: { contactId: string }[];
  };
};

const get = async (path: string): Promise<Answer["data"]> =>
  ((await (await fetch(`${url}/api/v1${path}`, { headers })).json()) as Answer).data;

async function signIn(): Promise<string> {
  const response = await fetch(`${url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ email, password }),
  });
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

const [pipeline] = (await get("/pipelines")).pipelines;
const pipelineId = pipeline?.id ?? "";
const contactIds = [
  ...new Set((await get("/events?limit=1000")).events.map(({ contactId }) => contactId).filter(Boolean)),
];
let calls = 0;

const emit = async (): Promise<number> => {
  const response = await fetch(`${floorUrl}/emit`, { method: "PATCH", headers, body: "{}" });
  return ((await response.json()) as Answer).data.seq;
};
const patch = async (): Promise<number> => {
  calls += 1;
  const body = JSON.stringify({ contact_id: contactIds[calls % contactIds.length], value: calls });
  const response = await fetch(`${url}/api/v1/contact/contact-status`, { method: "PATCH", headers, body });
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer.data.seq;
};

const cookie = await signIn();
const floorViewers = await new Viewers().open(VIEWERS, floorUrl, "events");
const productViewers = await new Viewers().open(VIEWERS, url, "pipeline:events", {
  cookie,
  join: (socket) => socket.emitWithAck("pipeline:join", { pipelineId }),
});

/** Milliseconds from the start of a request to the last viewer's hearing of it. */
async function toLastViewer(
  viewers: Viewers,
  call: () => Promise<number>,
  expected: { seq: number },
): Promise<number> {
  expected.seq += 1;
  const heard = viewers.lastHears(expected.seq);
  const start = performance.now();
  const [seq] = await Promise.all([call(), heard]);
  expected.seq = seq;
  return performance.now() - start;
}

const floorTimes: number[] = [];
const productTimes: number[] = [];
const floorSeq = { seq: await emit() };
const productSeq = { seq: await patch() };
for (let round = 0; round < ROUNDS; round += 1) {
  for (let call = 0; call < CALLS; call += 1)
    floorTimes.push(await toLastViewer(floorViewers, emit, floorSeq));
  for (let call = 0; call < CALLS; call += 1)
    productTimes.push(await toLastViewer(productViewers, patch, productSeq));
}
const [warmFloor, warmProduct] = [floorTimes.slice(CALLS), productTimes.slice(CALLS)];

async function load(
  viewers: Viewers,
  call: () => Promise<number>,
): Promise<{ requests: number; deliveries: number }> {
  const before = viewers.delivered;
  const start = performance.now();
  const requests = await perSecond(LOAD_MS, LOAD_WORKERS, call);
  return { requests, deliveries: ((viewers.delivered - before) * 1_000) / (performance.now() - start) };
}
type Load = Awaited<ReturnType<typeof load>>;
const floorLoads: Load[] = [];
const productLoads: Load[] = [];
for (let round = 0; round < 2; round += 1) {
  floorLoads.push(await load(floorViewers, emit));
  productLoads.push(await load(productViewers, patch));
}
floorViewers.close();
productViewers.close();
const requests = (loads: Load[]) => median(loads.map((one) => one.requests));
const deliveries = (loads: Load[]) => median(loads.map((one) => one.deliveries));

async function openBoard(): Promise<{ p50: number; bytes: number; gz: number }> {
  const taken: number[] = [];
  let text = "";
  for (let call = 0; call < 60; call += 1) {
    const start = performance.now();
    text = await (await fetch(`${url}/api/v1/pipelines/${pipelineId}/board`, { headers })).text();
    taken.push(performance.now() - start);
  }
  return { p50: median(taken.slice(10)), bytes: text.length, gz: gzipSync(text).length };
}
const smallBoard = await openBoard();
let made = 0;
const seedStart = performance.now();
await Promise.all(
  Array.from({ length: LOAD_WORKERS }, async () => {
    for (let next = made++; next < BIG_BOARD; next = made++) {
      const body = JSON.stringify({ username: `bench.${next}`, stage_id: pipeline?.stages[next % 6]?.id });
      await fetch(`${url}/api/v1/organization/create-contact`, { method: "POST", headers, body });
    }
  }),
);
const created = (BIG_BOARD * 1_000) / (performance.now() - seedStart);
const bigBoard = await openBoard();

const ratio = (a: number, b: number) => times(a / b);
const rows: Row[] = [
  {
    row: `PATCH to the last of ${VIEWERS} viewers, p50`,
    floor: ms(median(warmFloor)),
    product: ms(median(warmProduct)),
    ratio: ratio(median(warmProduct), median(warmFloor)),
    target: "<= 2.5 x",
  },
  {
    row: "the same, p99",
    floor: ms(percentile(warmFloor, 0.99)),
    product: ms(percentile(warmProduct, 0.99)),
    ratio: ratio(percentile(warmProduct, 0.99), percentile(warmFloor, 0.99)),
    target: "<= 2.5 x",
  },
  {
    row: `PATCH requests/s, one pipeline, ${VIEWERS} viewers`,
    floor: requests(floorLoads).toFixed(0),
    product: requests(productLoads).toFixed(0),
    ratio: ratio(requests(productLoads), requests(floorLoads)),
    target: ">= 2.5 x",
  },
  {
    row: "deliveries/s under that load",
    floor: deliveries(floorLoads).toFixed(0),
    product: deliveries(productLoads).toFixed(0),
    ratio: ratio(deliveries(productLoads), deliveries(floorLoads)),
    target: ">= 3 x",
  },
  {
    row: `open a board of ${BIG_BOARD} (floor: of 300), p50`,
    floor: ms(smallBoard.p50),
    product: ms(bigBoard.p50),
    ratio: ratio(bigBoard.p50, smallBoard.p50),
    target: "p50 <= 40 ms",
  },
  {
    row: "its bytes, gz",
    floor: String(smallBoard.gz),
    product: `${bigBoard.gz} of ${bigBoard.bytes}`,
    ratio: ratio(bigBoard.gz, smallBoard.gz),
    target: "<= 60 KB",
  },
];
printTable(
  "Floor: Express + Socket.IO that saves nothing. Product: built-in database, full durability.",
  rows,
);
console.log(`contacts created through the API: ${created.toFixed(0)}/s`);
await Promise.all([floor.stop(), product.stop()]);
process.exit(0);
