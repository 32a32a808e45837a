/**
 * Time and memory of the built-in database, alone on its disk, as the data grows. Times are those of the
 * server's processor, which say the same on a machine that has other work to do.
 *
 *   npm run bench:db -- --sizes 1000,100000,1000000
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Collection, MongoClient } from "mongodb";

const MAIN = new URL("../server/embedded-mongo/main.ts", import.meta.url).pathname;
const IN_FLIGHT = 16;
const STAGES = 12;

type Row = {
  _id: number;
  stageId: string;
  leadStatus: string;
  value: number;
  lastActivityAt: Date;
  name: string;
};
type Figures = Record<string, number>;

const { values } = parseArgs({ options: { sizes: { type: "string", default: "1000,100000,1000000" } } });

async function start(dir: string): Promise<{ child: ChildProcess; client: MongoClient }> {
  const child = spawn(process.execPath, [MAIN, "--dir", dir], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, client: await MongoClient.connect(line.toString().trim(), { maxPoolSize: IN_FLIGHT }) };
}

async function stop({ child, client }: { child: ChildProcess; client: MongoClient }): Promise<void> {
  await client.close();
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

function aRow(_id: number): Row & Record<string, unknown> {
  return {
    _id,
    organizationId: "o1",
    stageId: `stage${_id % STAGES}`,
    leadStatus: ["open", "won", "lost", "abandoned"][_id % 4]!,
    value: (_id * 7919) % 10_000,
    lastActivityAt: new Date(1.7e12 + ((_id * 104_729) % 1e9)),
    name: `Contact number ${_id}`,
    username: `user.${_id}`,
    tags: [`t${_id % 9}`, `t${_id % 13}`],
    notes: "A few words about this contact. ".repeat(8),
  };
}

async function fill(rows: Collection<Row>, size: number): Promise<void> {
  await rows.createIndexes([
    { key: { username: 1 }, unique: true },
    { key: { stageId: 1, lastActivityAt: -1 } },
    { key: { tags: 1 } },
  ]);
  for (let from = 0; from < size; from += 1000)
    await rows.insertMany(Array.from({ length: Math.min(1000, size - from) }, (_, i) => aRow(from + i)));
}

async function cpuOf(client: MongoClient): Promise<number> {
  const { extra_info: used } = await client.db("admin").command({ serverStatus: 1 });
  const { user_time_us: user, system_time_us: system } = used as {
    user_time_us: number;
    system_time_us: number;
  };
  return (user + system) / 1000;
}

/** Milliseconds of the server's processor for each of `count` calls, with some under way at once. */
async function timeOf(
  client: MongoClient,
  count: number,
  run: (i: number) => Promise<unknown>,
): Promise<number> {
  return (await costOf(client, count, run)).server;
}

/** The same, and with what the driver's side of each call costs. */
async function costOf(
  client: MongoClient,
  count: number,
  run: (i: number) => Promise<unknown>,
): Promise<{ server: number; both: number }> {
  let next = 0;
  const began = await cpuOf(client);
  const own = process.cpuUsage();
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, worker));
  const { user, system } = process.cpuUsage(own);
  const server = ((await cpuOf(client)) - began) / count;
  return { server, both: server + (user + system) / 1000 / count };
}

async function measure(size: number): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), "dmt-bench-"));
  try {
    let server = await start(dir);
    const rows = server.client.db("bench").collection<Row>("contacts");
    const inserted = (await timeOf(server.client, 1, () => fill(rows, size))) / size;
    await stop(server);
    server = await start(dir);
    const started = await cpuOf(server.client);
    const figures = {
      ...(await measureRunning(server.client, size)),
      "inserted in batches of 1,000": inserted,
    };
    await stop(server);
    return { "start-up, with its process": started, ...figures };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measureRunning(client: MongoClient, size: number): Promise<Figures> {
  const rows = client.db("bench").collection<Row>("contacts");
  const someId = (i: number) => (i * 7919) % size;
  const page = (i: number) =>
    rows
      .find({ stageId: `stage${i % STAGES}` })
      .sort({ lastActivityAt: -1 })
      .limit(50)
      .toArray();
  await page(0);
  const findOne = (i: number) => rows.findOne({ _id: someId(i) });
  const updateOne = (i: number) => rows.updateOne({ _id: someId(i) }, { $inc: { value: 1 } });
  // The first calls find nothing compiled.
  await timeOf(client, 1000, findOne);
  await timeOf(client, 1000, updateOne);
  const found = await costOf(client, 4000, findOne);
  const updated = await costOf(client, 4000, updateOne);
  const pinged = await costOf(client, 4000, () => client.db("admin").command({ ping: 1 }));
  const figures: Figures = {
    "findOne by _id, 16 at once": found.server,
    "updateOne by _id, 16 at once, on disk": updated.server,
    "findOne to ping, with the driver's cost (x)": found.both / pinged.both,
    "findOne to updateOne, with the driver's cost (x, target 0.75)": found.both / updated.both,
    "transaction of two writes (target 0.7)": await transactions(client, rows, size),
    "insertOne, 16 at once, on disk": await timeOf(client, 2000, (i) => rows.insertOne(aRow(size + i))),
    "page of 50, filtered and sorted by an index": await timeOf(client, 300, page),
    "count by an index": await timeOf(client, 20, (i) =>
      rows.countDocuments({ stageId: `stage${i % STAGES}` }),
    ),
    "report: sum and number of each status, reads everything": await timeOf(client, 1, () =>
      rows
        .aggregate([{ $group: { _id: "$leadStatus", value: { $sum: "$value" }, n: { $sum: 1 } } }])
        .toArray(),
    ),
  };
  const { mem } = (await client.db("admin").command({ serverStatus: 1 })) as { mem: { resident: number } };
  return { ...figures, "resident memory, MB": mem.resident, ...(await beside(rows, someId)) };
}

/** An update and an insert that belong together, one such pair after the other. */
function transactions(client: MongoClient, rows: Collection<Row>, size: number): Promise<number> {
  const log = client.db("bench").collection("log");
  return timeOf(client, 500, (i) =>
    client.withSession((session) =>
      session.withTransaction(async () => {
        await rows.updateOne({ _id: i % size }, { $inc: { value: 1 } }, { session });
        await log.insertOne({ row: i, at: new Date() }, { session });
      }),
    ),
  );
}

/** How long an update takes by the clock, alone and while reports over everything run one after another. */
async function beside(rows: Collection<Row>, someId: (i: number) => number): Promise<Figures> {
  const clocked = async () => {
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const began = performance.now();
      await rows.updateOne({ _id: someId(i) }, { $inc: { value: 1 } });
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b);
  };
  const alone = await clocked();
  let isOver = false;
  let reports = 0;
  const reporting = (async () => {
    while (!isOver) {
      await rows
        .aggregate([
          { $group: { _id: { $concat: ["$leadStatus", "$stageId"] }, value: { $sum: "$value" } } },
          { $sort: { value: -1 } },
          { $limit: 10 },
        ])
        .toArray();
      reports++;
    }
  })();
  const busy = await clocked();
  isOver = true;
  await reporting;
  return {
    "updateOne alone by the clock, half are faster": alone[100]!,
    "updateOne alone by the clock, the slowest of 200": alone[199]!,
    "updateOne while reports run, half are faster": busy[100]!,
    "updateOne while reports run, the slowest of 200": busy[199]!,
    "reports that ended meanwhile": reports,
  };
}

const sizes = values.sizes.split(",").map(Number);
const all: Figures[] = [];
for (const size of sizes) all.push(await measure(size));
const names = Object.keys(all[0]!);
console.log(
  `${"milliseconds of processor each".padEnd(58)}${sizes.map((size) => size.toLocaleString("en").padStart(12)).join("")}   last / first`,
);
for (const name of names) {
  const row = all.map((figures) => figures[name]!);
  const cells = row.map((value) => value.toFixed(value < 10 ? 3 : 0).padStart(12)).join("");
  console.log(`${name.padEnd(58)}${cells}   x ${(row.at(-1)! / row[0]!).toFixed(1)}`);
}
