// Programs that tests need and npm cannot bring: found on the machine, or installed where that is allowed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const isRoot = process.getuid?.() === 0;
const has = (command) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;

function install(debianPackage) {
  if (!isRoot || !has("apt-get")) return;
  console.error(`Installing ${debianPackage} ...`);
  // Failing is no error here: whoever asked sees that the program is still missing, and says what is left out.
  const options = { stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  spawnSync("apt-get", ["update", "-qq"], options);
  spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", debianPackage], options);
}

function find(candidates) {
  for (const candidate of candidates) {
    if (candidate.includes("/") ? existsSync(candidate) : has(candidate)) {
      return candidate.includes("/")
        ? candidate
        : spawnSync("sh", ["-c", `command -v ${candidate}`])
            .stdout.toString()
            .trim();
    }
  }
  return undefined;
}

const CHROMIUMS = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of a Chromium, installed first if need be and possible; undefined when there is none. */
export function ensureChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const found = find(CHROMIUMS);
  if (found) return found;
  install("chromium");
  return find(CHROMIUMS);
}

/** Path of a redis-server, installed first if need be and possible; undefined when there is none. */
export function ensureRedis() {
  const found = find(["redis-server"]);
  if (found) return found;
  install("redis-server");
  return find(["redis-server"]);
}
