import { checkAll } from "./checks.ts";
import { FAULTS, type FaultName, type Strength } from "./faults.ts";
import { Load } from "./load.ts";
import type { TestCluster } from "./test-cluster.ts";
import { aTestTeam } from "./test-team.ts";

export type RoundResult = {
  fault: FaultName;
  changes: number;
  tries: number;
  longestWaitMs: number;
  seconds: number;
  /** What did not hold; undefined when everything did. */
  problem: string | undefined;
};

export type RoundOptions = {
  fault: FaultName;
  strength: Strength;
  reps: number;
  programs: number;
  since: number;
};

/** One fault under load on a pipeline of its own, and the look at everything afterwards. */
export async function runRound(
  cluster: TestCluster,
  { fault, strength, reps, programs, since }: RoundOptions,
): Promise<RoundResult> {
  const start = performance.now();
  const team = await aTestTeam(cluster.url, 40);
  const urls = [cluster.url, ...cluster.nodes.map(({ url }) => url)];
  const load = await Load.start({ urls, team, reps, programs });
  let problem: string | undefined;
  try {
    await load.more(strength.changes);
    await FAULTS[fault](cluster, load, strength);
    await load.more(strength.changes);
    await checkAll(cluster, { team, load, since });
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
    await load.end().catch(() => undefined);
    load.close();
  }
  return {
    fault,
    changes: load.acknowledged.size,
    tries: load.tries,
    longestWaitMs: Math.round(load.longestWaitMs),
    seconds: Math.round((performance.now() - start) / 100) / 10,
    problem,
  };
}

/** `--minutes 10` of a command line. */
export function minutesOf(args: readonly string[], usual: number): number {
  const at = args.indexOf("--minutes");
  const minutes = at < 0 ? usual : Number(args[at + 1]);
  if (Number.isFinite(minutes) && minutes > 0) return minutes;
  throw new Error("--minutes must be a number of minutes, such as --minutes 10");
}
