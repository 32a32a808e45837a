import mongoose from "mongoose";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";

const ASK_EVERY_MS = 60_000;
const ASK_LIMIT_MS = 2_000;
const SAMPLES = 3;
/** Clocks that agree this well are left alone: an hour-long way of corrections by a millisecond helps nobody. */
const CLOSE_ENOUGH_MS = 250;

export type SharedClock = { now(): Date; stop(): void };

/** How far the database's clock is ahead of ours, and how exactly that is known. */
async function measure(): Promise<{ aheadMs: number; spanMs: number } | undefined> {
  const asked = Date.now();
  const answer = await mongoose.connection.db?.command({ hello: 1 }, { timeoutMS: ASK_LIMIT_MS });
  const heard = Date.now();
  const { localTime } = (answer ?? {}) as { localTime?: Date };
  if (!localTime) return undefined;
  return { aheadMs: localTime.getTime() - (asked + heard) / 2, spanMs: heard - asked };
}

async function measureWell(): Promise<number | undefined> {
  const measured = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const one = await measure();
    if (one) measured.push(one);
    await delay(20);
  }
  // The quickest answer says it best.
  return measured.sort((a, b) => a.spanMs - b.spanMs)[0]?.aheadMs;
}

/**
 * The time of the database, for all processes alike: a machine whose clock is wrong neither takes over work that
 * another one is at, nor dates what people do wrongly.
 */
export async function startSharedClock(logger: Logger): Promise<SharedClock> {
  let aheadMs = 0;
  const look = async (): Promise<void> => {
    const measured = await measureWell();
    if (measured === undefined || Math.abs(measured - aheadMs) < CLOSE_ENOUGH_MS) return;
    aheadMs = Math.abs(measured) < CLOSE_ENOUGH_MS ? 0 : Math.round(measured);
    logger.warn({ aheadMs }, "the clock of this machine is not that of the database, whose time is used");
  };
  await look();
  const timer = setInterval(() => {
    look().catch((error: unknown) => logger.warn({ err: error }, "the database did not tell its time"));
  }, ASK_EVERY_MS);
  return { now: () => new Date(Date.now() + aheadMs), stop: () => clearInterval(timer) };
}
