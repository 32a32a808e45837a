import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { HttpLoad, HttpLoadResult } from "./http-load.ts";

const ROOT = join(import.meta.dirname, "..");
const STOP_LIMIT_MS = 15_000;

export type Running = {
  printed: Record<string, string>;
  /** Bytes that its JavaScript holds, after a garbage collection. */
  memory(): Promise<number>;
  stop(): Promise<void>;
};

const exited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function stopChild(child: ChildProcess): Promise<void> {
  if (exited(child)) return;
  const kill = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  child.kill("SIGTERM");
  await once(child, "exit");
  clearTimeout(kill);
}

/** Starts a program of this repository and waits until it has printed a line that begins with `last`. */
async function start(file: string, last: string, env: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, ["--expose-gc", "--import", "./bench/memory-probe.ts", file], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  let output = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes(`${last}: `) && output.endsWith("\n")) resolve();
    });
    child.once("exit", () => reject(new Error(`${file} ended: ${output}`)));
  });
  const lines = output.trim().split("\n");
  const printed = new Map(lines.map((line) => line.split(": ", 2) as [string, string]));
  return {
    printed: Object.fromEntries(printed),
    async memory() {
      child.send("memory");
      const [{ memory }] = (await once(child, "message")) as [{ memory: number }];
      return memory;
    },
    stop: () => stopChild(child),
  };
}

export const startFloor = (): Promise<Running> => start("bench/floor.ts", "url");

/** One caller does here what hundreds do in life. */
const ROOMY_LIMITS = {
  LIMIT_TOKEN: "100000000/60",
  LIMIT_PERSON: "100000000/60",
  LIMIT_OPEN: "100000000/60",
};

/** The product over a folder of its own, or over `DATA_DIR`. */
export async function startProduct(env: Record<string, string> = {}): Promise<Running> {
  const dataDir = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), "dmtracker-bench-")));
  const last = env.DEMO === "0" ? "url" : "token";
  const running = await start("server/main.ts", last, {
    PORT: "0",
    DEMO: "1",
    ...ROOMY_LIMITS,
    ...env,
    DATA_DIR: dataDir,
  });
  return {
    ...running,
    async stop() {
      await running.stop();
      if (!env.DATA_DIR) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || !address) throw new Error("no port");
  return address.port;
}

export type Outside = { url: string; stop(): Promise<void> };

/** A real Redis that keeps nothing; undefined where this machine has none. */
export async function startRedis(): Promise<Outside | undefined> {
  const port = await freePort();
  const child = spawn("redis-server", ["--port", String(port), "--save", "", "--appendonly", "no"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const isThere = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.includes("Ready to accept connections")) resolve(true);
    });
  });
  return isThere ? { url: `redis://127.0.0.1:${port}`, stop: () => stopChild(child) } : undefined;
}

/** The built-in database as a process of its own, for several processes of the product. */
export async function startDatabase(): Promise<Outside> {
  const dir = await mkdtemp(join(tmpdir(), "dmtracker-bench-"));
  const args = ["server/embedded-mongo/main.ts", "--dir", dir, "--port", String(await freePort())];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    url: line.toString().trim(),
    async stop() {
      await stopChild(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Calls a door from another process, so that calling and looking on share no thread. */
export async function loadByHttp(load: HttpLoad): Promise<HttpLoadResult> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["bench/http-load.ts", JSON.stringify(load)],
    { cwd: ROOT },
  );
  return JSON.parse(stdout) as HttpLoadResult;
}
