import { connect } from "node:net";
import { join } from "node:path";
import { freePort, startProgram, type Running } from "./child-program.ts";

const SERVER = join(import.meta.dirname, "..");

export type RedisPlace = { port: number; password: string; url: string };

export async function placeForRedis(password: string): Promise<RedisPlace> {
  const port = await freePort();
  return { port, password, url: `redis://:${password}@127.0.0.1:${port}` };
}

/** Whether a Redis with this password answers. */
function answersAsRedis({ port, password }: RedisPlace): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    let said = "";
    socket.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("PONG")) socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(said.includes("PONG")));
  });
}

/** A real redis-server for this machine alone. It keeps nothing: what it carries is in the log of the database. */
export function startRedis(place: RedisPlace): Promise<Running> {
  const settings = [
    "bind 127.0.0.1",
    `port ${place.port}`,
    `requirepass ${place.password}`,
    'save ""',
    "appendonly no",
  ];
  return startProgram({
    // Redis outlives whoever started it. Beside it waits a shell for our end of the pipe, which closes with us.
    command: "sh",
    args: ["-c", "(cat <&3; kill $$) >/dev/null 2>&1 & exec redis-server - 3<&-"],
    input: `${settings.join("\n")}\n`,
    ready: () => answersAsRedis(place),
  });
}

/** The built-in database as a process of its own, for several others. It prints its connection string. */
export function startDatabase({ dir, port }: { dir: string; port: number }): Promise<Running> {
  const file = join(SERVER, "embedded-mongo/main.ts");
  return startProgram({
    command: process.execPath,
    args: [file, "--dir", dir, "--port", String(port)],
    isOurs: true,
    ready: /^mongodb:.+$/m,
  });
}

export type NodeSettings = {
  port: number;
  variables: Record<string, string>;
  isHeard?: boolean;
};

/** One more process of the product. */
export function startNode({ port, variables, isHeard = false }: NodeSettings): Promise<Running> {
  return startProgram({
    command: process.execPath,
    args: [join(SERVER, "main.ts")],
    env: { ...variables, PORT: String(port), HOST: "127.0.0.1" },
    isOurs: true,
    // Everything that a start prints comes in one go, and the address is its first line.
    ready: /^url: .+\n/m,
    isHeard,
  });
}
