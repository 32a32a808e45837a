import { rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Credential, MECHANISM, Verifier } from "./auth.ts";
import { Connection } from "./connection.ts";
import type { Instance } from "./context.ts";
import { Cursors } from "./cursors.ts";
import { Engine } from "./engine.ts";
import { Sessions } from "./sessions.ts";
import { removeExpired } from "./expiry.ts";
import type { StoreOptions } from "./sqlite.ts";

const LOOPBACK = "127.0.0.1";
const SWEEP_MS = 10_000;
const SWEEP_SILENT_MS = 500;
const LOOK_EVERY_MS = 20;
const EXPIRY_MS = 60_000;

/** On a unix socket only the owner of its folder may enter; on a port whoever knows the credential. */
export type ServeOptions = StoreOptions & ({ socketPath: string } | { port: number; credential: Credential });

export type Serving = {
  url: string;
  stop: () => Promise<void>;
  /** Stops when the last client has gone, or after `limitMs`. */
  stopWhenUnused: (limitMs: number) => Promise<void>;
};

/** Opens the database and listens. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const engine = new Engine(options);
  const instance: Instance = {
    engine,
    sessions: new Sessions(engine),
    cursors: new Cursors(),
    address: "",
    verifier: "credential" in options ? new Verifier(options.credential) : undefined,
  };
  engine.onRollback = () => instance.sessions.forgetAll();
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    const id = ++connections;
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      instance.sessions.connectionClosed(id);
    });
    new Connection(socket, instance, id);
  });
  instance.address = await listen(server, options);
  const url = connectionString(instance.address, options);
  const note = options.dir === undefined ? undefined : join(options.dir, "connection-string");
  if (note) writeFileSync(note, `${url}\n`, { mode: 0o600 });
  const sweeper = setInterval(() => {
    instance.sessions.sweep();
    instance.cursors.sweep();
  }, SWEEP_MS);
  const silentSweeper = setInterval(() => instance.sessions.sweepSilent(), SWEEP_SILENT_MS);
  const expirer = setInterval(() => {
    forgetAndExpire(instance).catch((error: unknown) =>
      console.error("Expired documents were not removed:", error),
    );
  }, EXPIRY_MS);
  const stop = async () => {
    clearInterval(sweeper);
    clearInterval(silentSweeper);
    clearInterval(expirer);
    const closed = new Promise((resolve) => server.close(resolve));
    // What was answered is committed; what was not may be lost with its connection.
    engine.store.commit();
    for (const socket of sockets) socket.destroy();
    await closed;
    engine.store.close();
    if (note) rmSync(note, { force: true });
  };
  const stopWhenUnused = async (limitMs: number) => {
    const limit = Date.now() + limitMs;
    while (sockets.size > 0 && Date.now() < limit) await delay(LOOK_EVERY_MS);
    await stop();
  };
  return { url, stop, stopWhenUnused };
}

async function forgetAndExpire(instance: Instance): Promise<void> {
  instance.sessions.forgetOldRecords();
  await removeExpired(instance);
}

/** Returns the address as clients reach it. */
async function listen(server: Server, options: ServeOptions): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    if ("socketPath" in options) server.listen(options.socketPath, resolve);
    else server.listen(options.port, LOOPBACK, resolve);
  });
  if ("socketPath" in options) return options.socketPath;
  return `${LOOPBACK}:${(server.address() as AddressInfo).port}`;
}

function connectionString(address: string, options: ServeOptions): string {
  if ("socketPath" in options) return `mongodb://${encodeURIComponent(address)}/?directConnection=true`;
  const { username, password } = options.credential;
  return `mongodb://${username}:${password}@${address}/?directConnection=true&authMechanism=${MECHANISM}`;
}
