import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadAuthSecret } from "#server/platform/auth-secret.ts";
import type { Env } from "#server/platform/env.ts";
import { startBalancer } from "./balancer.ts";
import { freePort } from "./child-program.ts";
import { keepRunning, type Kept } from "./keep-running.ts";
import { placeForRedis, startDatabase, startNode, startRedis } from "./programs.ts";

export type Cluster = {
  /** The address that people use. */
  url: string;
  /** Each process directly. */
  nodes: readonly string[];
  /** The demo's login, when it was made now, as `npm start` prints it. */
  login: readonly string[];
  stop(): Promise<void>;
};

/** Ends the last started first: nodes finish their commits while the database is still there. */
async function stopAll(parts: readonly { stop(): Promise<void> }[][]): Promise<void> {
  for (const together of parts.toReversed()) await Promise.all(together.map((part) => part.stop()));
}

async function startOwnDatabase(dataDir: string): Promise<Kept & { url: string }> {
  const place = { dir: join(dataDir, "mongo"), port: await freePort() };
  const kept = await keepRunning("The database", () => startDatabase(place));
  return { ...kept, url: kept.printed.trim() };
}

async function startOwnRedis(): Promise<Kept & { url: string }> {
  const place = await placeForRedis(randomBytes(16).toString("hex"));
  const kept = await keepRunning("Redis", () => startRedis(place));
  return { ...kept, url: place.url };
}

type Shared = { env: Env; databaseUrl: string; redisUrl: string; publicUrl: string };

async function variablesOfNodes({ env, databaseUrl, redisUrl, publicUrl }: Shared) {
  return {
    MONGODB_URL: databaseUrl,
    REDIS_URL: redisUrl,
    AUTH_SECRET: await loadAuthSecret(env),
    PUBLIC_URL: publicUrl,
    SIGN_UP: env.signUp,
    // Our own balancer is one more in front of them.
    TRUST_PROXY: String(env.trustProxy + 1),
  };
}

/**
 * Several processes of the product on this machine: what is not configured (database, Redis) is started too. Whatever
 * ends by itself is started again.
 */
export async function startCluster(env: Env, count: number): Promise<Cluster> {
  const started: { stop(): Promise<void> }[][] = [];
  try {
    await mkdir(env.dataDir, { recursive: true });
    const database = env.mongodbUrl ? undefined : await startOwnDatabase(env.dataDir);
    if (database) started.push([database]);
    const redis = env.redisUrl ? undefined : await startOwnRedis();
    if (redis) started.push([redis]);

    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const nodes = ports.map((port) => `http://127.0.0.1:${port}`);
    // Before the nodes: they must know the address that people use.
    const balancer = await startBalancer({ host: env.host, port: env.port, targets: nodes });
    started.push([balancer]);
    const url = env.publicUrl ?? `http://localhost:${balancer.port}`;
    const variables = await variablesOfNodes({
      env,
      databaseUrl: env.mongodbUrl ?? (database?.url as string),
      redisUrl: env.redisUrl ?? (redis?.url as string),
      publicUrl: url,
    });
    const kept: Kept[] = [];
    started.push(kept);
    const startOne = async (index: number): Promise<void> => {
      // Only one makes the demo and the indexes of an empty database.
      const own = { ...variables, DEMO: index === 0 && env.demo ? "1" : "0" };
      const start = () => startNode({ port: ports[index] as number, variables: own, isHeard: true });
      kept[index] = await keepRunning(`Process ${index + 1}`, start);
    };
    await startOne(0);
    await Promise.all(ports.slice(1).map((_port, index) => startOne(index + 1)));
    await balancer.look();
    const login = kept[0]?.printed.trim().split("\n").slice(1) ?? [];
    return { url, nodes, login, stop: () => stopAll(started) };
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}
