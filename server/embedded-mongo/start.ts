import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { StoreOptions } from "./sqlite.ts";

export type EmbeddedMongo = { url: string; stop(): Promise<void> };

/**
 * Starts the built-in database in a worker thread. `dir` is where it keeps its files; without it everything
 * is in memory. Rejects when another process holds the directory.
 */
export async function startEmbeddedMongo(options: StoreOptions): Promise<EmbeddedMongo> {
  const folder = makeSocketFolder();
  const socketPath = join(folder, "db.sock");
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: { socketPath, ...options },
  });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const cleanUp = () => rmSync(folder, { recursive: true, force: true });
  let url: string;
  try {
    url = await becomeReady(worker);
  } catch (error) {
    cleanUp();
    throw error;
  }
  process.once("exit", cleanUp);
  return {
    url,
    stop: async () => {
      worker.postMessage("stop");
      await ended;
      process.off("exit", cleanUp);
      cleanUp();
    },
  };
}

/** Socket paths are limited to about a hundred bytes, and drivers write host names in lower case. */
export function makeSocketFolder(): string {
  const base = [tmpdir(), "/tmp"].find((path) => path === path.toLowerCase() && path.length < 60) ?? tmpdir();
  for (;;) {
    const folder = mkdtempSync(join(base, "dmt-"));
    if (folder === folder.toLowerCase() || base !== base.toLowerCase()) return folder;
    rmSync(folder, { recursive: true });
  }
}

function becomeReady(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    // Later than the start nobody waits for it: the database is gone, its clients notice, the process lives on.
    worker.on("error", (error: Error) => {
      console.error("The built-in database has stopped:", error);
      reject(error);
    });
    worker.once("exit", (code) => reject(new Error(`The built-in database ended with code ${code}`)));
    // Under `node --watch` a worker also tells what it imports.
    worker.on("message", (message: { url?: string; failed?: string }) => {
      if (message.url !== undefined) resolve(message.url);
      if (message.failed !== undefined) reject(new Error(message.failed));
    });
  });
}
