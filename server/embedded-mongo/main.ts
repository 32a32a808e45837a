import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { serve } from "./instance.ts";
import { connectionString, makeSocketFolder } from "./start.ts";

const { values } = parseArgs({ options: { dir: { type: "string" } } });
const folder = makeSocketFolder();
const socketPath = join(folder, "db.sock");
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
  const stop = await serve({ socketPath, dir: values.dir });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void stop().then(() => process.exit(0)));
  console.log(connectionString(socketPath));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
