import { onceAskedToStop } from "#server/platform/asked-to-stop.ts";
import { readEnv } from "#server/platform/env.ts";
import { startCluster } from "./start-cluster.ts";

const MOST_NODES = 16;

function countNodes(text: string | undefined): number {
  const count = Number(text || 2);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_NODES) return count;
  throw new Error(`Configuration: NODES: must be 1 to ${MOST_NODES}`);
}

async function main(): Promise<void> {
  const cluster = await startCluster(readEnv(process.env), countNodes(process.env.NODES));
  onceAskedToStop(() => cluster.stop().then(() => process.exit(0)));
  const nodes = cluster.nodes.map((url) => `node: ${url}`);
  console.log([`url: ${cluster.url}`, ...nodes, ...cluster.login].join("\n"));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `DmTracker could not start. ${error.message}` : error);
  process.exit(1);
});
