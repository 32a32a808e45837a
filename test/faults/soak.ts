// `npm run soak -- --minutes 60`: load with random faults, and whether memory, handles, rooms and sockets stay flat.
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { FAULT_NAMES, SHORT, type FaultName } from "./faults.ts";
import { judge, type Sample } from "./judge-growth.ts";
import { minutesOf, runRound, type RoundResult } from "./round.ts";
import { TestCluster, type Part } from "./test-cluster.ts";

const MINUTE_MS = 60_000;
const MB = 1_048_576;
/** What a process needs to become quiet after a load: its last sockets close, its garbage is collected in idle time. */
const REST_MS = 1_500;

const since = Date.now();
const end = since + minutesOf(process.argv, 60) * MINUTE_MS;

async function residentMb({ pid }: Part): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
}

/** Of the first node, which lives through everything, and of the two that serve all. */
async function takeSample(cluster: TestCluster): Promise<Sample> {
  await delay(REST_MS);
  const [node] = cluster.nodes;
  if (!node) throw new Error("there is no node");
  const figures = await node.figures();
  const of = (name: string): number => figures.get(name) ?? 0;
  return {
    minute: (Date.now() - since) / MINUTE_MS,
    "node MB": await residentMb(node),
    "heap MB": of("nodejs_heap_size_used_bytes") / MB,
    handles: of("nodejs_active_handles_total"),
    rooms: of("dmtracker_rooms"),
    sockets: of("dmtracker_connections"),
    "redis MB": await residentMb(cluster.redis),
    "database MB": await residentMb(cluster.database),
  };
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const row = (cells: readonly (string | number)[]): string =>
  cells.map((cell) => (typeof cell === "number" ? cell.toFixed(1) : cell).padStart(12)).join("");

const cluster = await TestCluster.start({ wrongClocksMs: [0, 7 * MINUTE_MS] });
const samples: Sample[] = [];
const results: RoundResult[] = [];
let asked = false;
process.once("SIGINT", () => (asked = true));
try {
  while (Date.now() < end && !asked) {
    const fault: FaultName = pick(FAULT_NAMES);
    const result = await runRound(cluster, { fault, strength: SHORT, reps: 12, programs: 4, since });
    results.push(result);
    if (result.problem) {
      console.log(`FAILED ${fault}: ${result.problem}`);
      break;
    }
    const sample = await takeSample(cluster);
    if (samples.length === 0) console.log(row([...Object.keys(sample), "changes", "wait ms", "  fault"]));
    samples.push(sample);
    console.log(`${row([...Object.values(sample), result.changes, result.longestWaitMs])}  ${fault}`);
  }
} finally {
  await cluster.stop();
}
const failed = results.filter(({ problem }) => problem !== undefined);
const growth = judge(samples);
const changes = results.reduce((sum, result) => sum + result.changes, 0);
console.log(`\n${results.length} faults, ${changes} acknowledged changes, ${failed.length} problems`);
for (const { name, early, late, isFlat } of growth)
  console.log(`${isFlat ? "flat " : "GROWS"} ${name}: ${early.toFixed(1)} early, ${late.toFixed(1)} late`);
process.exit(failed.length === 0 && growth.every(({ isFlat }) => isFlat) ? 0 : 1);
