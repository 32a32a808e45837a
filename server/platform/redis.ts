import { createAdapter } from "@socket.io/redis-adapter";
import type { Logger } from "pino";
import { createClient } from "redis";
import type { LiveServer } from "./sockets.ts";

/** Joins this process to the others: a broadcast reaches the rooms of every node. Losing Redis loses speed, not events. */
export async function joinNodes(io: LiveServer, url: string, logger: Logger): Promise<() => Promise<void>> {
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  for (const client of [publisher, subscriber]) {
    client.on("error", (error: unknown) => logger.warn({ err: error }, "redis is not reachable"));
  }
  await Promise.all([publisher.connect(), subscriber.connect()]);
  io.adapter(createAdapter(publisher, subscriber));
  return async () => {
    await Promise.all([publisher.close(), subscriber.close()]);
  };
}
