import { type Server, type Socket, createServer } from "node:net";
import { Connection } from "./connection.ts";
import type { Instance } from "./context.ts";
import { Cursors } from "./cursors.ts";
import { Engine } from "./engine.ts";
import { Sessions } from "./sessions.ts";
import { removeExpired } from "./expiry.ts";
import type { StoreOptions } from "./store.ts";

const SWEEP_MS = 10_000;
const EXPIRY_MS = 60_000;

export type ServeOptions = StoreOptions & { socketPath: string };

/** Opens the database and listens on a unix socket. */
export async function serve({ socketPath, ...storage }: ServeOptions): Promise<() => Promise<void>> {
  const engine = new Engine(storage);
  const instance: Instance = {
    engine,
    sessions: new Sessions(engine),
    cursors: new Cursors(),
    address: socketPath,
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
  await listen(server, socketPath);
  const sweeper = setInterval(() => {
    instance.sessions.sweep();
    instance.cursors.sweep();
  }, SWEEP_MS);
  const expirer = setInterval(() => {
    forgetAndExpire(instance).catch((error: unknown) =>
      console.error("Expired documents were not removed:", error),
    );
  }, EXPIRY_MS);
  return async () => {
    clearInterval(sweeper);
    clearInterval(expirer);
    const closed = new Promise((resolve) => server.close(resolve));
    // What was answered is committed; what was not may be lost with its connection.
    engine.store.commit();
    for (const socket of sockets) socket.destroy();
    await closed;
    engine.store.close();
  };
}

async function forgetAndExpire(instance: Instance): Promise<void> {
  instance.sessions.forgetOldRecords();
  await removeExpired(instance);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}
