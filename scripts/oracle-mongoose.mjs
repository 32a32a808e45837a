// Runs mongoose's own tests against the built-in database.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const DATABASE = new URL("../server/embedded-mongo/main.ts", import.meta.url).pathname;

export async function runMongoose(folder, filter, reasonOf) {
  const work = mkdtempSync(join(tmpdir(), "dmt-oracle-"));
  const database = spawn(process.execPath, [DATABASE, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(database.stdout, "data");
    const url = String(line)
      .trim()
      .replace("/?directConnection=true", "/mongoose_test?replicaSet=dmtracker&authSource=admin");
    const report = join(work, "report.json");
    await mocha(folder, filter, url, report);
    const { tests, failures, pending } = JSON.parse(readFileSync(report, "utf8"));
    const skipped = new Set(pending.map(titleOf));
    const problems = new Map(failures.map((test) => [titleOf(test), test.err.message ?? "failed"]));
    return tests.map((test) => {
      const title = titleOf(test);
      const reason = skipped.has(title) ? "of another server: left out by mongoose itself" : reasonOf(title);
      return { title, reason, problem: problems.get(title) };
    });
  } finally {
    database.kill();
    rmSync(work, { recursive: true, force: true });
  }
}

function titleOf({ file, fullTitle }) {
  return `${basename(file)}: ${fullTitle}`;
}

async function mocha(folder, filter, url, report) {
  const options = [
    "--no-config",
    "--exit",
    "--timeout",
    "20000",
    "--reporter",
    "json",
    "--reporter-option",
    `output=${report}`,
  ];
  const files = ["--ignore", "test/encryption/**/*.test.js", `./test/**/${filter || "*"}.test.js`];
  const child = spawn(process.execPath, ["node_modules/mocha/bin/mocha.js", ...options, ...files], {
    cwd: folder,
    stdio: "ignore",
    env: { ...process.env, MONGOOSE_TEST_URI: url, MONGOOSE_REPLSET_URI: url, START_REPLICA_SET: "1" },
  });
  await once(child, "exit");
}
