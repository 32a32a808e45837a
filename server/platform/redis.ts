import { createAdapter } from "@socket.io/redis-adapter";
import type { Logger } from "pino";
import { createClient, type RedisClientType } from "redis";
import type { LiveServer } from "./sockets.ts";

const CONNECT_LIMIT_MS = 10_000;

export type Nodes = {
  /** For counting what all processes share. */
  client: RedisClientType;
  /** A broadcast of this process now reaches the rooms of every other one. */
  join(io: LiveServer): void;
  leave(): Promise<void>;
};

/**
 * Connects to what joins the processes. Once started, losing Redis loses speed and no events: broadcasts reach this
 * process's clients only, the others learn from the heartbeat that they are behind.
 * @throws Error when Redis cannot be reached at the start
 */
export async function connectNodes(url: string, logger: Logger): Promise<Nodes> {
  // No queue: a broadcast that waited for Redis would come after the heartbeat has already repaired it.
  const publisher = createClient({ url, disableOfflineQueue: true });
  const subscriber = createClient({ url });
  for (const client of [publisher, subscriber]) {
    client.on("error", (error: unknown) => logger.warn({ err: error }, "redis is not reachable"));
  }
  const limit = AbortSignal.timeout(CONNECT_LIMIT_MS);
  const tooLate = new Promise<never>((_resolve, reject) => {
    limit.addEventListener("abort", () => reject(new Error("REDIS_URL: Redis does not answer")));
  });
  try {
    await Promise.race([Promise.all([publisher.connect(), subscriber.connect()]), tooLate]);
  } catch (error) {
    publisher.destroy();
    subscriber.destroy();
    throw error;
  }
  // The adapter drops the promise of a publish: a rejection nobody sees would end the process.
  const publish = publisher.publish.bind(publisher);
  Object.assign(publisher, {
    publish: (channel: string, message: string | Buffer) =>
      publish(channel, message).catch((error: unknown) =>
        logger.warn({ err: error }, "broadcast stayed local"),
      ),
  });
  return {
    client: publisher,
    join: (io) => void io.adapter(createAdapter(publisher, subscriber)),
    leave: async () => {
      await Promise.allSettled([publisher.close(), subscriber.close()]);
    },
  };
}
