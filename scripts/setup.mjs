// Set-up that every command shares. Runs on any Node >= 20 before anything is installed: no dependencies here.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");
const BIN = join(ROOT, "node_modules", ".bin");
/** The Node of this project: the newest, whatever the machine has. */
export const NODE = join(BIN, process.platform === "win32" ? "node.cmd" : "node");

const environment = () => ({ ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH ?? ""}` });

/** What Node has compiled once it need not compile at every start: a good third of the time until the product answers. */
process.env.NODE_COMPILE_CACHE ??= join(ROOT, "node_modules", ".cache", "node");

/** Runs a command to its end; its output goes to stderr, as stdout belongs to the product. Exits on failure. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: environment(),
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
    ...options,
  });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

/** Who ends npm means what it started. npm tells its shell alone, which passes nothing on: we notice that it is gone. */
function endWithNpm(child) {
  const parent = process.ppid;
  const looking = setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 500);
  child.once("exit", () => clearInterval(looking));
}

/** Starts a long-running command that shares our terminal. Its channel to us tells it when we are gone without a word. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: environment(),
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    ...options,
  });
  if (process.env.npm_lifecycle_event) endWithNpm(child);
  return child;
}

function hashOfFile(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !["node_modules", "build", ".svelte-kit"].includes(name))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

const isStamped = (file, stamp) => existsSync(file) && readFileSync(file, "utf8") === stamp;

/** Installs exactly what the lock file says, when that has not been done yet. */
export function ensureInstalled() {
  const file = join(ROOT, "node_modules", ".installed");
  const stamp = hashOfFile(join(ROOT, "package-lock.json"));
  if (isStamped(file, stamp) && existsSync(NODE)) return;
  console.error("Installing dependencies ...");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(file, stamp);
}

/** Builds the web app when it is missing or older than what it is made of. */
export function ensureBuilt() {
  const file = join(ROOT, "web", "build", ".built");
  const sources = ["shared", "web", "package-lock.json"].flatMap((name) => filesBelow(join(ROOT, name)));
  const stamp = createHash("sha256").update(sources.map(hashOfFile).join()).digest("hex");
  if (isStamped(file, stamp)) return;
  console.error("Building the web app ...");
  run("npm", ["run", "build", "--silent", "--workspace", "web"]);
  writeFileSync(file, stamp);
}
