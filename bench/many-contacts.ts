// P5, P9, P12: one board with ever more contacts. `node bench/many-contacts.ts 1000000` goes up to a million.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { connectMongo, disconnectMongo } from "@dmtracker/server/platform/mongo.ts";
import { connect, credentialsOf, timesToLastViewer, type Client } from "./client.ts";
import { fillPipeline } from "./fill-pipeline.ts";
import { atMost, median, ms, percentile, printTable, times, type Row } from "./measure.ts";
import { startProduct, type Running } from "./processes.ts";

const MOST = Number(process.argv[2] ?? 100_000);
const SIZES = [1_000, 10_000, 100_000, 1_000_000].filter((size) => size <= MOST);
const VIEWERS = 200;
const ROUNDS = 3;
const CALLS = 60;
const BOARD_CALLS = 40;
const MISSED = 1_000;

type Big = { size: number; client: Client; product: Running; dataDir: string; startMs: number };

async function startWith(size: number): Promise<Big> {
  const dataDir = await mkdtemp(join(tmpdir(), "dmtracker-bench-"));
  const first = await startProduct({ DATA_DIR: dataDir });
  await first.stop();
  const embedded = await startEmbeddedMongo({ dir: join(dataDir, "mongo") });
  await connectMongo(embedded.url);
  await fillPipeline(size);
  await disconnectMongo();
  await embedded.stop();
  const start = performance.now();
  const product = await startProduct({ DATA_DIR: dataDir, DEMO: "0" });
  const startMs = performance.now() - start;
  const client = await connect(product.printed.url ?? "", credentialsOf(first.printed));
  return { size, client, product, dataDir, startMs };
}

async function openBoard({ client }: Big): Promise<{ taken: number[]; gz: number }> {
  const taken: number[] = [];
  let text = "";
  for (let call = 0; call < BOARD_CALLS; call += 1) {
    const start = performance.now();
    const path = `${client.url}/api/v1/pipelines/${client.pipelineId}/board`;
    text = await (await fetch(path, { headers: client.headers })).text();
    taken.push(performance.now() - start);
  }
  return { taken: taken.slice(5), gz: gzipSync(text).length };
}

/** Comes back after so many missed events: milliseconds until they are there, and whether one message brought them. */
async function catchUp({ client }: Big): Promise<{ taken: number[]; isWhole: boolean }> {
  const viewers = await client.watch(1);
  let head = await client.patch();
  while (head < MISSED) head = await client.patch();
  const taken: number[] = [];
  let isWhole = true;
  for (let call = 0; call < 20; call += 1) {
    const start = performance.now();
    const events = await viewers.rejoin(client.pipelineId, head - MISSED);
    taken.push(performance.now() - start);
    isWhole &&= events === MISSED;
  }
  viewers.close();
  return { taken, isWhole };
}

const all: Big[] = [];
for (const size of SIZES) all.push(await startWith(size));
const rows: Row[] = [];
const [smallest] = all;
if (!smallest) throw new Error("no size to measure");

const boards = new Map<number, { taken: number[]; gz: number }>();
for (const one of all) boards.set(one.size, await openBoard(one));
const p50Of = (size: number): number => median(boards.get(size)?.taken ?? []);
for (const { size } of all) {
  const { gz = NaN } = boards.get(size) ?? {};
  const against = size > 10_000 ? p50Of(size) / p50Of(10_000) : p50Of(size) / p50Of(smallest.size);
  rows.push({
    ...((size === 10_000 || size === 100_000) && { id: "P5" }),
    row: `open a board of ${size}`,
    floor:
      size > 10_000 ? `${ms(p50Of(10_000))} of 10000` : `${ms(p50Of(smallest.size))} of ${smallest.size}`,
    product: `${ms(p50Of(size))}, ${(gz / 1_024).toFixed(1)} KB gz`,
    ...(size === 100_000 ? atMost(against, 1.5) : { ratio: times(against), target: "" }),
    ...(size === 10_000 && {
      target: "<= 40 ms, <= 60 KB gz",
      isReached: p50Of(size) <= 40 && gz <= 60 * 1_024,
    }),
  });
}

const patched = new Map(all.map(({ size }) => [size, [] as number[]]));
for (const one of all) {
  const viewers = await one.client.watch(VIEWERS);
  await timesToLastViewer([viewers], () => one.client.patch(), CALLS);
  viewers.close();
}
for (let round = 0; round < ROUNDS; round += 1)
  for (const one of all) {
    const viewers = await one.client.watch(VIEWERS);
    patched.get(one.size)?.push(...(await timesToLastViewer([viewers], () => one.client.patch(), CALLS)));
    viewers.close();
  }
const patchOf = (size: number): number => median(patched.get(size) ?? []);
for (const { size, startMs } of all) {
  const growth = patchOf(size) / patchOf(smallest.size);
  rows.push({
    ...(size === MOST && { id: "P12" }),
    row: `PATCH to the last of ${VIEWERS} viewers, ${size} contacts, p50`,
    floor: `${ms(patchOf(smallest.size))} of ${smallest.size}`,
    product: `${ms(patchOf(size))} (p99 ${ms(percentile(patched.get(size) ?? [], 0.99))}, start ${ms(startMs)})`,
    ...(size === MOST ? atMost(growth, 1.3) : { ratio: times(growth), target: "" }),
  });
}

const last = all.at(-1) ?? smallest;
const missed = await catchUp(last);
rows.push({
  id: "P9",
  row: `${MISSED} missed events, ${last.size} contacts`,
  floor: "",
  product: `${ms(median(missed.taken))}, p99 ${ms(percentile(missed.taken, 0.99))}`,
  ratio: "",
  target: "<= 100 ms, one message",
  isReached: percentile(missed.taken, 0.99) <= 100 && missed.isWhole,
});
printTable("One board with ever more contacts, on the built-in database.", rows);
for (const { product, dataDir } of all) {
  await product.stop();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit(0);
