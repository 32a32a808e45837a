// `npm run faults -- --minutes 10`: every fault at full strength, one after the other, until the time is over.
import { FAULT_NAMES, LONG, type FaultName } from "./faults.ts";
import { minutesOf, runRound, type RoundResult } from "./round.ts";
import { TestCluster } from "./test-cluster.ts";

const MINUTE_MS = 60_000;

const since = Date.now();
const end = since + minutesOf(process.argv, 10) * MINUTE_MS;
const cluster = await TestCluster.start({ wrongClocksMs: [0, 7 * MINUTE_MS] });
const results: RoundResult[] = [];
try {
  // Each at least once, however short the time.
  for (let round = 0; round < FAULT_NAMES.length || Date.now() < end; round += 1) {
    const fault = FAULT_NAMES[round % FAULT_NAMES.length] as FaultName;
    const result = await runRound(cluster, { fault, strength: LONG, reps: 12, programs: 6, since });
    results.push(result);
    console.log(
      `${result.problem ? "FAILED" : "held  "} ${fault}: ${result.changes} changes in ${result.seconds} s, longest wait ${result.longestWaitMs} ms${result.problem ? `: ${result.problem}` : ""}`,
    );
    if (result.problem) break;
  }
} finally {
  await cluster.stop();
}
const failed = results.filter(({ problem }) => problem !== undefined).length;
console.log(`${results.length} faults, ${failed} of them with a problem`);
process.exit(failed > 0 ? 1 : 0);
