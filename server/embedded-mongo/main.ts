import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Credential } from "./auth.ts";
import { type ServeOptions, serve } from "./instance.ts";
import { makeSocketFolder } from "./start.ts";

// The database in a process of its own: with a port for several clients, else on a unix socket.
const { values } = parseArgs({
  options: { dir: { type: "string" }, port: { type: "string" }, "max-bytes": { type: "string" } },
});

const LEFT_ALONE_MS = 30_000;

/** The same at every start, so that connection strings stay true. */
function credentialOf(dir: string | undefined): Credential {
  const path = dir === undefined ? undefined : join(dir, "credential.json");
  if (path && existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Credential;
  const credential = { username: "dmtracker", password: randomBytes(24).toString("hex") };
  if (dir !== undefined) mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (path) writeFileSync(path, JSON.stringify(credential), { mode: 0o600 });
  return credential;
}

function placeToListen(): { socketPath: string } | { port: number; credential: Credential } {
  if (values.port !== undefined) return { port: Number(values.port), credential: credentialOf(values.dir) };
  const folder = makeSocketFolder();
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return { socketPath: join(folder, "db.sock") };
}

try {
  const maxBytes = values["max-bytes"] === undefined ? undefined : Number(values["max-bytes"]);
  const options: ServeOptions = { dir: values.dir, maxBytes, ...placeToListen() };
  const { url, stop, stopWhenUnused } = await serve(options);
  const end = () => process.exit(0);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop().then(end));
  // Who started us with a channel is gone. So will be its other processes in a moment: they finish what they have begun.
  process.once("disconnect", () => void stopWhenUnused(LEFT_ALONE_MS).then(end));
  console.log(url);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
