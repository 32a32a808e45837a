import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

export type Running = { printed: Record<string, string>; stop(): Promise<void> };

/** Starts a program of this repository and waits until it has printed the line that begins with `last`. */
async function start(file: string, last: string, env: Record<string, string> = {}): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [file], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
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
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners("exit");
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

export const startFloor = (): Promise<Running> => start("bench/floor.ts", "url");

/** The product with the demo organization, on the built-in database in a folder of its own, at full durability. */
export async function startProduct(): Promise<Running> {
  const dataDir = await mkdtemp(join(tmpdir(), "dmtracker-bench-"));
  const running = await start("server/main.ts", "token", { PORT: "0", DATA_DIR: dataDir, DEMO: "1" });
  return {
    ...running,
    async stop() {
      await running.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
