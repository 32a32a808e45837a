/**
 * Sends damaged and senseless messages to the built-in database.
 *
 *   npm run db:fuzz -- --seconds 600 --seed 1
 */
import { parseArgs } from "node:util";
import { runFuzz } from "../test/embedded-mongo/fuzz.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
});
const { messages, answers, faults } = await runFuzz({
  seconds: Number(values.seconds),
  seed: Number(values.seed),
});
for (const fault of faults) console.error(fault);
console.log(`${messages} messages, ${answers} answers, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
