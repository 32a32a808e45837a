// `npm start`: everything from a fresh clone to a running product.
import { ensureBuilt, ensureInstalled, NODE, start } from "./setup.mjs";

ensureInstalled();
ensureBuilt();
const server = start(NODE, ["server/main.ts"]);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));
server.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
