/**
 * Random overlapping transactions on the built-in database against a model.
 *
 *   npm run db:isolation -- --checks 100000 --seed 1
 */
import { parseArgs } from "node:util";
import { runIsolation } from "../test/embedded-mongo/isolation.ts";

const { values } = parseArgs({
  options: { checks: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});
const { checks, commits, conflicts, mismatches } = await runIsolation({
  checks: Number(values.checks),
  seed: Number(values.seed),
});
for (const mismatch of mismatches) console.error(mismatch);
console.log(`${checks} checks, ${commits} commits, ${conflicts} conflicts, ${mismatches.length} mismatches`);
process.exitCode = mismatches.length > 0 ? 1 : 0;
