import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { makeDataDir } from "../support/product-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const dataDir = await makeDataDir();

test("[OB3] what npm start started ends with npm, and not before", async () => {
  const npm = spawn("npm", ["start"], {
    cwd: ROOT,
    env: { ...process.env, PORT: "0", DATA_DIR: dataDir, LOG_LEVEL: "error" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void npm.kill("SIGKILL"));
  let printed = "";
  npm.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const url = await eventually(() => {
    const [, found] = /^url: (.+)$/m.exec(printed) ?? [];
    expect(found).toBeDefined();
    return Promise.resolve(found ?? "");
  }, 60_000);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  npm.kill("SIGTERM");
  await once(npm, "exit");
  await eventually(() => expect(fetch(`${url}/healthz`)).rejects.toThrow(), 20_000);
});
