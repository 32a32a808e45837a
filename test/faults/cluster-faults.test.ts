import { afterAll, beforeAll, expect, test } from "vitest";
import { checkAll } from "./checks.ts";
import { FAULTS, SHORT, type Fault } from "./faults.ts";
import { Load } from "./load.ts";
import { TestCluster } from "./test-cluster.ts";
import { aTestTeam, type TestTeam } from "./test-team.ts";

// Real processes: database, Redis, two nodes of which one has a wrong clock, a balancer, and a network that can be bad.
const MINUTE_MS = 60_000;
const since = Date.now();
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ wrongClocksMs: [0, 7 * MINUTE_MS] });
});
afterAll(() => cluster?.stop());

/** A load on a pipeline of its own: half of it by way of the balancer, half at the nodes, so that both write at once. */
async function underLoad(fault: Fault): Promise<{ team: TestTeam; load: Load }> {
  const team = await aTestTeam(cluster.url, 20);
  const urls = [cluster.url, ...cluster.nodes.map(({ url }) => url)];
  const load = await Load.start({ urls, team });
  await load.more(SHORT.changes);
  await fault(cluster, load, SHORT);
  await load.more(SHORT.changes);
  return { team, load };
}

const TESTS = [
  ["[SP5] [SP9] two nodes write one pipeline, one by a wrong clock", FAULTS["nothing, two nodes write"]],
  ["[SP5] a node dies without a word", FAULTS["kill -9 of a node"]],
  ["[SP5] a node is frozen for a while and goes on", FAULTS["a frozen node"]],
  ["[SP5] [SP7] Redis dies and comes back", FAULTS["Redis killed"]],
  ["[SP5] [SP7] Redis is there and says nothing", FAULTS["Redis frozen"]],
  ["[SP5] the database dies and comes back", FAULTS["the database killed"]],
  ["[SP5] connections are late and cut", FAULTS["a bad network"]],
] as const satisfies readonly (readonly [string, Fault])[];

for (const [name, fault] of TESTS) {
  test(`${name}: what was acknowledged is there once, in order, for everybody; nothing is stuck or left`, async () => {
    const { team, load } = await underLoad(fault);
    const { changes } = await checkAll(cluster, { team, load, since });
    expect(changes).toBeGreaterThanOrEqual(2 * SHORT.changes);
  });
}

/** What nobody may wait longer for; on a machine that is slow even in peace, so much times its peace. */
const LONGEST_WAIT_MS = 5_000;
const SLOW_FACTOR = 10;

test("[SP8] a rolling restart of both nodes under load loses nothing, and nobody waits for long", async () => {
  const team = await aTestTeam(cluster.url, 20);
  const load = await Load.start({ urls: [cluster.url], team, reps: 8, programs: 4 });
  await load.more(SHORT.changes);
  const inPeaceMs = load.longestWaitMs;
  for (const node of cluster.nodes) {
    await node.stop();
    expect(node.exitCode).toBe(0);
    await load.more(SHORT.changes);
    await node.start();
    await cluster.allReady();
  }
  await load.more(SHORT.changes);
  // Nobody is cut off without a word: whoever was at the first of them is now at the second, or was there before.
  for (const { sentAway } of load.clients) expect(sentAway).toBeGreaterThan(0);
  const { longestWaitMs } = await checkAll(cluster, { team, load, since });
  console.log(`longest wait: ${Math.round(inPeaceMs)} ms in peace, ${longestWaitMs} ms with the restarts`);
  expect(longestWaitMs).toBeLessThan(Math.max(LONGEST_WAIT_MS, SLOW_FACTOR * inPeaceMs));
});
