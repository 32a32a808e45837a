import { setTimeout as delay } from "node:timers/promises";
import { tvScreens, type LiveServer } from "./sockets.ts";

/** A balancer that asks every second has noticed by then that this process is not ready any more. */
const NOTICE_MS = 1_500;
const SHORTEST_SPREAD_MS = 500;
const LONGEST_SPREAD_MS = 5_000;
/** What the others take in without being slow for those they have. */
const MS_PER_CLIENT = 2;
/** After the last one was due: who is still here does not listen. */
const SLACK_MS = 1_000;
const LOOK_EVERY_MS = 20;

/**
 * Sends the clients of a process that is about to stop to the others, spread over a moment, while it still serves
 * them: each is away for the time of one connection only.
 */
export async function sendClientsAway(io: LiveServer): Promise<void> {
  await delay(NOTICE_MS);
  const clients = io.engine.clientsCount;
  if (clients === 0) return;
  const withinMs = Math.min(LONGEST_SPREAD_MS, SHORTEST_SPREAD_MS + clients * MS_PER_CLIENT);
  io.local.emit("server:leaving", { withinMs });
  tvScreens(io).local.emit("server:leaving", { withinMs });
  const end = performance.now() + withinMs + SLACK_MS;
  while (io.engine.clientsCount > 0 && performance.now() < end) await delay(LOOK_EVERY_MS);
}
