// `npm run oracle`: the tests of others against the built-in database. They are fetched, never part of this
// repository; ORACLE_DIR may name a folder that has them already, as `mongoose` and `specifications`.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MONGOOSE, SPECIFICATIONS } from "./oracle-exclusions.mjs";
import { runMongoose } from "./oracle-mongoose.mjs";
import { runSpecifications } from "./oracle-specifications.mjs";

const folder = process.env.ORACLE_DIR ?? join(tmpdir(), "dmtracker-oracle");
const [only, filter = ""] = process.argv.slice(2);

function fetched(name, address, ...options) {
  const path = join(folder, name);
  if (!existsSync(path))
    execFileSync("git", ["clone", "--depth", "1", ...options, address, path], { stdio: "inherit" });
  return path;
}

function fetchMongoose() {
  const { version } = JSON.parse(
    readFileSync(new URL("../node_modules/mongoose/package.json", import.meta.url), "utf8"),
  );
  const path = fetched("mongoose", "https://github.com/Automattic/mongoose.git", "--branch", version);
  if (!existsSync(join(path, "node_modules/mocha")))
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: path,
      stdio: "inherit",
    });
  return path;
}

function reasonFrom(exclusions) {
  return (title) => exclusions.find(([, pattern]) => pattern.test(title))?.[0];
}

/** Returns whether everything that is claimed passes. */
function report(name, results) {
  const ofAnother = results.filter(({ reason }) => reason?.startsWith("of another server"));
  const ours = results.filter((result) => !ofAnother.includes(result));
  const failed = ours.filter(({ problem }) => problem);
  const unexplained = failed.filter(({ reason }) => !reason);
  console.log(
    `\n${name}: ${ours.length - failed.length} of ${ours.length} tests pass, ${unexplained.length} fail.`,
  );
  printReasons(`${failed.length - unexplained.length} are of what is refused:`, failed);
  printReasons(`${ofAnother.length} more are left out:`, ofAnother);
  for (const { title, problem } of unexplained)
    console.log(`FAILED ${title}\n       ${problem.replaceAll("\n", " ").slice(0, 300)}`);
  return unexplained.length === 0;
}

function printReasons(title, results) {
  const reasons = new Map();
  for (const { reason } of results) if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  console.log(title);
  for (const [reason, count] of [...reasons].sort(([, a], [, b]) => b - a))
    console.log(`  ${String(count).padStart(4)}  ${reason}`);
}

let isFine = true;
if (only !== "mongoose") {
  const path = fetched("specifications", "https://github.com/mongodb/specifications.git");
  isFine =
    report(
      "MongoDB driver specifications",
      await runSpecifications(path, filter, reasonFrom(SPECIFICATIONS)),
    ) && isFine;
}
if (only !== "specifications")
  isFine = report("mongoose", await runMongoose(fetchMongoose(), filter, reasonFrom(MONGOOSE))) && isFine;
process.exit(isFine ? 0 : 1);
