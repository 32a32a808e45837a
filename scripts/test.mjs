// `npm test`: every test, with one closing line that counts them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, NODE, ROOT } from "./setup.mjs";
import { ensureChromium, ensureRedis } from "./tools.mjs";

ensureInstalled();
ensureBuilt();
const chromium = ensureChromium();
const reports = mkdtempSync(join(tmpdir(), "dmtracker-tests-"));
const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
const totals = { passed: 0, failed: 0, skipped: 0 };
let isBroken = false;

function runSuite(name, cwd, args) {
  console.log(`\n== ${name}`);
  const report = join(reports, `${name}.json`);
  const { status } = spawnSync(
    NODE,
    [vitest, "run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    { cwd, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, CHROMIUM_PATH: chromium ?? "" } },
  );
  if (status !== 0) isBroken = true;
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
    totals.passed += numPassedTests;
    totals.failed += numFailedTests;
    totals.skipped += numPendingTests;
  } catch {
    console.error(`${name}: the test run ended without a report`);
    isBroken = true;
  }
}

const wanted = process.argv.slice(2);
const suites = {
  core: () => runSuite("core", ROOT, ["--project=core"]),
  web: () => runSuite("web", join(ROOT, "web"), []),
  faults: () => {
    if (ensureRedis()) return runSuite("faults", ROOT, ["--project=faults"]);
    console.error(
      "\n!! TESTS OF SEVERAL PROCESSES NOT RUN: no redis-server on this machine, and it cannot be installed.",
    );
    runSuite("faults", ROOT, ["--project=faults", "--exclude=test/faults/{cluster,two}*"]);
  },
  e2e: () => {
    if (chromium) return runSuite("e2e", ROOT, ["--project=e2e"]);
    console.error(
      "\n!! BROWSER TESTS NOT RUN: no Chromium on this machine. Install it or set CHROMIUM_PATH.",
    );
  },
};
for (const name of wanted.length > 0 ? wanted : Object.keys(suites)) suites[name]();
rmSync(reports, { recursive: true, force: true });

if (totals.failed === 0 && isBroken) totals.failed = 1;
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : "";
console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exit(isBroken || totals.failed > 0 ? 1 : 0);
