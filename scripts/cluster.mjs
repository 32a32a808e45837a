// `npm run cluster`: several processes on this machine, with Redis, one database and a balancer in front of them.
import { ensureBuilt, ensureInstalled, NODE, start } from "./setup.mjs";
import { ensureRedis } from "./tools.mjs";

ensureInstalled();
ensureBuilt();
if (!process.env.REDIS_URL && !ensureRedis()) {
  console.error(
    "redis-server is missing: it carries what one process does to the others. Install it\n" +
      "(Debian, Ubuntu: apt install redis-server; macOS: brew install redis) or set REDIS_URL.",
  );
  process.exit(1);
}
const cluster = start(NODE, ["server/cluster/main.ts"]);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => cluster.kill(signal));
cluster.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
