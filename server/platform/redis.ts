import { createAdapter } from "@socket.io/redis-adapter";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { createClient, type RedisClientType } from "redis";
import type { LiveServer } from "./sockets.ts";

const CONNECT_LIMIT_MS = 10_000;
const LEAVE_LIMIT_MS = 500;
const PULSE_MS = 1_000;
/** Pulses in a row that did not come back: then what others do does not come either. */
const MISSED_PULSES = 3;
/** A connection that is open and says nothing is as good as none: it is made anew. */
const DEAD_PULSES = 8;
/** Questions to the other processes: one that is frozen must not hold up who asks. */
const ASK_LIMIT_MS = 2_000;

export type Nodes = {
  /** For counting what all processes share. */
  client: RedisClientType;
  /** This process cannot hear the others at this moment, nor they this one. */
  isApart(): boolean;
  /** Told when that begins and when it ends. */
  onChange(listener: (isApart: boolean) => void): void;
  /** A broadcast of this process now reaches the rooms of every other one. */
  join(io: LiveServer): void;
  leave(): Promise<void>;
};

async function connectBoth(clients: RedisClientType[]): Promise<void> {
  const limit = AbortSignal.timeout(CONNECT_LIMIT_MS);
  const tooLate = new Promise<never>((_resolve, reject) => {
    limit.addEventListener("abort", () => reject(new Error("REDIS_URL: Redis does not answer")));
  });
  try {
    await Promise.race([Promise.all(clients.map((client) => client.connect())), tooLate]);
  } catch (error) {
    for (const client of clients) client.destroy();
    throw error;
  }
}

/**
 * Sends itself a word through Redis every second. Only that proves that broadcasts come through: a connection to a
 * machine that has vanished, or to a frozen Redis, stays open and takes everything.
 */
async function watchPulse(
  [publisher, subscriber]: [RedisClientType, RedisClientType],
  onChange: (isApart: boolean) => void,
  renew: () => void,
) {
  const channel = `dmtracker:pulse:${randomUUID()}`;
  let missed = 0;
  let isApart = false;
  const judge = (): void => {
    const now = missed >= MISSED_PULSES || !publisher.isReady || !subscriber.isReady;
    if (now === isApart) return;
    isApart = now;
    onChange(isApart);
  };
  // A short loss too: what was said meanwhile did not arrive.
  for (const client of [publisher, subscriber]) client.on("error", judge).on("ready", judge);
  await subscriber.subscribe(channel, () => {
    missed = 0;
    judge();
  });
  const timer = setInterval(() => {
    missed += 1;
    judge();
    if (missed % DEAD_PULSES === 0 && publisher.isReady && subscriber.isReady) renew();
    else void publisher.publish(channel, "").catch(() => undefined);
  }, PULSE_MS);
  return { isApart: () => isApart, stop: () => clearInterval(timer) };
}

/**
 * Connects to what joins the processes. Once started, losing Redis loses speed and no events: broadcasts reach this
 * process's clients only, the others learn from the heartbeat that they are behind.
 * @throws Error when Redis cannot be reached at the start
 */
export async function connectNodes(url: string, logger: Logger): Promise<Nodes> {
  // No queue: a broadcast that waited for Redis would come after the heartbeat has already repaired it.
  const publisher = createClient({ url, disableOfflineQueue: true }) as RedisClientType;
  const subscriber = createClient({ url }) as RedisClientType;
  const both: [RedisClientType, RedisClientType] = [publisher, subscriber];
  for (const client of both) {
    client.on("error", (error: unknown) => logger.warn({ err: error }, "redis is not reachable"));
  }
  await connectBoth(both);
  // The adapter drops the promise of a publish: a rejection nobody sees would end the process.
  const publish = publisher.publish.bind(publisher);
  Object.assign(publisher, {
    publish: (channel: string, message: string | Buffer) =>
      publish(channel, message).catch((error: unknown) =>
        logger.warn({ err: error }, "broadcast stayed local"),
      ),
  });
  const listeners: ((isApart: boolean) => void)[] = [];
  const renew = (): void => {
    logger.warn("redis is silent: connecting anew");
    for (const client of both) {
      client.destroy();
      client.connect().catch((error: unknown) => logger.warn({ err: error }, "redis is not reachable"));
    }
  };
  const tell = (isApart: boolean): void => {
    logger.warn(
      isApart ? "the other processes are not heard: clients catch up by the heartbeat" : "joined again",
    );
    for (const listener of listeners) listener(isApart);
  };
  const pulse = await watchPulse(both, tell, renew);
  return {
    client: publisher,
    isApart: pulse.isApart,
    onChange: (listener) => void listeners.push(listener),
    join: (io) => void io.adapter(createAdapter(publisher, subscriber, { requestsTimeout: ASK_LIMIT_MS })),
    leave: async () => {
      pulse.stop();
      await Promise.race([Promise.allSettled(both.map((client) => client.close())), delay(LEAVE_LIMIT_MS)]);
      // One that is frozen would not let us go.
      for (const client of both) if (client.isOpen) client.destroy();
    },
  };
}
