import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startBalancer, type Balancer } from "@dmtracker/server/cluster/balancer.ts";
import { freePort, type Running } from "@dmtracker/server/cluster/child-program.ts";
import { placeForRedis, startDatabase, startNode, startRedis } from "@dmtracker/server/cluster/programs.ts";
import { eventually } from "../support/eventually.ts";
import { LossyProxy } from "../support/lossy-proxy.ts";

const WRONG_CLOCK = pathToFileURL(join(import.meta.dirname, "wrong-clock.ts")).href;

/** One process of the cluster, with everything that can happen to a process. */
export class Part {
  readonly #start: () => Promise<Running>;
  #running: Running | undefined;

  constructor(start: () => Promise<Running>) {
    this.#start = start;
  }

  get pid(): number {
    return this.#running?.process.pid ?? 0;
  }

  get exitCode(): number | null {
    return this.#running?.process.exitCode ?? null;
  }

  get printed(): string {
    return this.#running?.printed() ?? "";
  }

  async start(): Promise<void> {
    this.#running = await this.#start();
  }

  /** As a power cut would: no handler runs. */
  async kill(): Promise<void> {
    await this.#running?.end("SIGKILL");
  }

  /** As it should be: it is asked to stop. */
  async stop(): Promise<void> {
    await this.#running?.end("SIGTERM");
  }

  freeze(): void {
    this.#running?.process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#running?.process.kill("SIGCONT");
  }
}

export class NodePart extends Part {
  readonly url: string;

  constructor(port: number, start: () => Promise<Running>) {
    super(start);
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Its figures, by name. */
  async figures(): Promise<Map<string, number>> {
    const page = await (await fetch(`${this.url}/metrics`)).text();
    const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  }

  async isReady(): Promise<boolean> {
    return fetch(`${this.url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

export type ClusterOptions = {
  nodes?: number;
  /** How wrong the clocks of the nodes are, one after the other. */
  wrongClocksMs?: readonly number[];
  variables?: Record<string, string>;
};

/** A whole file comes from one address and does in seconds what people do in hours. */
const ROOMY = Object.fromEntries(
  ["SIGN_IN", "OPEN", "STRANGER", "MAIL", "PERSON", "TOKEN", "MESSAGES"].map((name) => [
    `LIMIT_${name}`,
    "1000000/60",
  ]),
);

/** Real processes on this machine: database, Redis, nodes, a balancer, and a network in front that can be bad. */
export class TestCluster {
  readonly database: Part;
  readonly redis: Part;
  readonly nodes: readonly NodePart[];
  readonly network: LossyProxy;
  readonly #balancer: Balancer;
  readonly #dir: string;

  private constructor(parts: {
    database: Part;
    redis: Part;
    nodes: readonly NodePart[];
    network: LossyProxy;
    balancer: Balancer;
    dir: string;
  }) {
    this.database = parts.database;
    this.redis = parts.redis;
    this.nodes = parts.nodes;
    this.network = parts.network;
    this.#balancer = parts.balancer;
    this.#dir = parts.dir;
  }

  static async start({
    nodes: count = 2,
    wrongClocksMs = [],
    variables = {},
  }: ClusterOptions = {}): Promise<TestCluster> {
    const dir = await mkdtemp(join(tmpdir(), "dmtracker-cluster-"));
    const place = { dir: join(dir, "mongo"), port: await freePort() };
    const database = new Part(() => startDatabase(place));
    const redisPlace = await placeForRedis(randomBytes(8).toString("hex"));
    const redis = new Part(() => startRedis(redisPlace));
    await Promise.all([database.start(), redis.start()]);
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const targets = ports.map((port) => `http://127.0.0.1:${port}`);
    const balancer = await startBalancer({ host: "127.0.0.1", port: 0, targets });
    const network = await new LossyProxy(balancer.port).open();
    const shared = {
      ...ROOMY,
      MONGODB_URL: database.printed.trim(),
      REDIS_URL: redisPlace.url,
      AUTH_SECRET: randomBytes(24).toString("hex"),
      PUBLIC_URL: `http://localhost:${network.port}`,
      SIGN_UP: "open",
      TRUST_PROXY: "1",
      DEMO: "0",
      WEBHOOK_ALLOW_PRIVATE: "1",
      LOG_LEVEL: process.env.LOG_LEVEL ?? "fatal",
      ...variables,
    };
    const nodes = ports.map((port, index) => {
      const wrongBy = wrongClocksMs[index] ?? 0;
      const clock = wrongBy && { NODE_OPTIONS: `--import=${WRONG_CLOCK}`, WRONG_CLOCK_MS: String(wrongBy) };
      const isHeard = process.env.LOG_LEVEL !== undefined;
      return new NodePart(port, () => startNode({ port, variables: { ...shared, ...clock }, isHeard }));
    });
    const cluster = new TestCluster({ database, redis, nodes, network, balancer, dir });
    try {
      // One after the other: the first makes collections and indexes.
      for (const node of nodes) await node.start();
      await balancer.look();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** What clients use: network, balancer, whichever node is ready. */
  get url(): string {
    return `http://localhost:${this.network.port}`;
  }

  async allReady(): Promise<void> {
    await eventually(async () => {
      for (const node of this.nodes) if (!(await node.isReady())) throw new Error(`${node.url} is not ready`);
    }, 60_000);
    await this.#balancer.look();
  }

  async stop(): Promise<void> {
    await this.network.close();
    await this.#balancer.stop();
    // Nobody looks any more: there is nothing left to be polite for.
    await Promise.all(this.nodes.map((node) => node.kill()));
    await Promise.all([this.database.kill(), this.redis.kill()]);
    await rm(this.#dir, { recursive: true, force: true });
  }
}
