import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import type { Load } from "./load.ts";
import type { NodePart, TestCluster } from "./test-cluster.ts";

export type Strength = {
  /** Changes that must get through between two steps of a fault. */
  changes: number;
  freezeMs: number;
  /** A process is frozen so long that the others must have gone on without it. */
  isLong: boolean;
};

/** Frozen for longer than a balancer and the database take to notice. */
export const SHORT: Strength = { changes: 40, freezeMs: 4_000, isLong: false };
export const LONG: Strength = { changes: 300, freezeMs: 20_000, isLong: true };

/** Something that happens to a cluster under load; it ends with everything running again. */
export type Fault = (cluster: TestCluster, load: Load, strength: Strength) => Promise<void>;

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

const aNode = ({ nodes }: TestCluster): NodePart => pick(nodes);

/** Always the last one: the first lives through everything, so that what it leaks adds up. */
async function killNode({ nodes }: TestCluster, load: Load, { changes }: Strength): Promise<void> {
  const node = nodes.at(-1) as NodePart;
  await node.kill();
  await load.more(changes);
  await node.start();
}

/** As a laptop that is closed, or a virtual machine that is moved: it goes on later as if nothing had been. */
async function freezeNode(cluster: TestCluster, load: Load, strength: Strength): Promise<void> {
  const node = aNode(cluster);
  node.freeze();
  try {
    await delay(strength.freezeMs);
    if (strength.isLong) await load.more(1);
  } finally {
    node.thaw();
  }
}

async function restartNode({ nodes }: TestCluster, load: Load, { changes }: Strength): Promise<void> {
  const node = nodes.at(-1) as NodePart;
  await node.stop();
  if (node.exitCode !== 0) throw new Error(`a node that was asked to stop ended with ${node.exitCode}`);
  await load.more(changes);
  await node.start();
}

async function killRedis(cluster: TestCluster, load: Load, { changes }: Strength): Promise<void> {
  await cluster.redis.kill();
  await load.more(changes);
  await eventually(() => {
    if (!load.clients.every(({ isApart }) => isApart)) throw new Error("a screen does not say it");
  }, 30_000);
  await cluster.redis.start();
}

async function freezeRedis(cluster: TestCluster, load: Load, { changes }: Strength): Promise<void> {
  cluster.redis.freeze();
  try {
    await load.more(changes);
    await eventually(() => {
      if (!load.clients.every(({ isApart }) => isApart)) throw new Error("a screen does not say it");
    }, 30_000);
  } finally {
    cluster.redis.thaw();
  }
}

async function restartDatabase({ database }: TestCluster): Promise<void> {
  await database.kill();
  await delay(200);
  await database.start();
}

/** A bad network: everything late, and now and then every connection lost at once. */
async function cutAndDelay({ network }: TestCluster, load: Load, { changes }: Strength): Promise<void> {
  for (const delayMs of [40, 120, 5]) {
    network.delayMs = delayMs;
    await load.more(Math.ceil(changes / 6));
    network.cutAll();
    await load.more(Math.ceil(changes / 6));
  }
  network.delayMs = 0;
}

export const FAULTS = {
  "nothing, two nodes write": () => Promise.resolve(),
  "kill -9 of a node": killNode,
  "a node restarted": restartNode,
  "a frozen node": freezeNode,
  "Redis killed": killRedis,
  "Redis frozen": freezeRedis,
  "the database killed": restartDatabase,
  "a bad network": cutAndDelay,
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];
