import { type Server, type Socket, createServer } from "node:net";
import { Connection } from "./connection.ts";
import type { Instance } from "./context.ts";
import { Cursors } from "./cursors.ts";
import { Engine } from "./engine.ts";
import { Sessions } from "./sessions.ts";
import { removeExpired } from "./expiry.ts";

const SWEEP_MS = 10_000;
const EXPIRY_MS = 60_000;

/** Opens the database and listens on a unix socket. */
export async function serve(socketPath: string, dir: string | undefined): Promise<() => Promise<void>> {
  const engine = new Engine(dir);
  const instance: Instance = {
    engine,
    sessions: new Sessions(engine),
    cursors: new Cursors(),
    address: socketPath,
  };
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    new Connection(socket, instance, ++connections);
  });
  await listen(server, socketPath);
  const sweeper = setInterval(() => {
    instance.sessions.sweep();
    instance.cursors.sweep();
  }, SWEEP_MS);
  const expirer = setInterval(() => {
    instance.sessions.forgetOldRecords();
    removeExpired(instance).catch((error: unknown) =>
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

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}
