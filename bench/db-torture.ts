/**
 * Kills the built-in database again and again at random moments under load, and counts what it has lost.
 *
 *   npm run db:torture -- --rounds 300 --seed 1
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runTorture } from "../test/embedded-mongo/torture.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "300" }, seed: { type: "string", default: "1" } },
});
const dir = mkdtempSync(join(tmpdir(), "dmt-torture-"));
try {
  const result = await runTorture({
    dir,
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    report: (text) => console.log(text),
  });
  for (const fault of result.faults.slice(0, 50)) console.error(fault);
  console.log(
    `${result.rounds} kills, ${result.acknowledged} acknowledged writes, ${result.checks} checks, ${result.faults.length} faults`,
  );
  process.exitCode = result.faults.length > 0 ? 1 : 0;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
