// `npm run test:mongodb [-- <files>]`: the server's tests against a database in another process. That is the one of
// MONGODB_URL, which has to be a replica set; without it, it is the built-in one on a port, with its password.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureInstalled, NODE, ROOT } from "./setup.mjs";

ensureInstalled();

async function startBuiltIn() {
  const dir = mkdtempSync(join(tmpdir(), "dmtracker-mongodb-"));
  const main = join(ROOT, "server/embedded-mongo/main.ts");
  const database = spawn(NODE, [main, "--dir", dir, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(database.stdout, "data");
  const stop = async () => {
    const gone = once(database, "exit");
    database.kill("SIGTERM");
    await gone;
    rmSync(dir, { recursive: true });
  };
  return { url: String(line).trim(), stop };
}

const database = process.env.MONGODB_URL
  ? { url: process.env.MONGODB_URL, stop: () => undefined }
  : await startBuiltIn();
const files = process.argv.length > 2 ? process.argv.slice(2) : ["test/server"];
const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
const { status } = spawnSync(NODE, [vitest, "run", "--project=core", ...files], {
  cwd: ROOT,
  stdio: "inherit",
  env: { ...process.env, MONGODB_URL: database.url },
});
await database.stop();
process.exit(status ?? 1);
