// `npm run dev`: pages with hot reload on PORT (3000), the server restarting behind them on the next port.
import { ensureInstalled, NODE, start } from "./setup.mjs";

ensureInstalled();
const port = Number(process.env.PORT ?? 3000);
const serverPort = port + 1;
const env = {
  ...process.env,
  PORT: String(serverPort),
  PUBLIC_URL: process.env.PUBLIC_URL ?? `http://localhost:${port}`,
};
const watched = ["--watch-path=server", "--watch-path=shared", "--watch-preserve-output"];
const children = [
  start(NODE, [...watched, "server/main.ts"], { env }),
  start(NODE, ["../node_modules/vite/bin/vite.js", "dev", "--port", String(port), "--strictPort"], {
    cwd: new URL("../web", import.meta.url),
    env: { ...process.env, DEV_SERVER_URL: `http://127.0.0.1:${serverPort}` },
  }),
];
const stopAll = () => children.forEach((child) => child.kill("SIGTERM"));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stopAll);
for (const child of children) child.on("exit", stopAll);
