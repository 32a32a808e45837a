import { setTimeout as delay } from "node:timers/promises";
import type { Response } from "express";
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from "rate-limiter-flexible";
import type { RedisClientType } from "redis";
import { AppError } from "./app-error.ts";

/** So many calls in so many seconds. */
export type Quota = { points: number; seconds: number };

/**
 * `signIn`: tries for one account from one address. `open`: calls that need no sign-in, from one address.
 * `stranger`: refused calls of one address. `handshake`: sockets that one address opens. `mail`: mails that one address or person causes. The rest is generous:
 * `person` a session, `token` an API token, `message` a person's live messages.
 */
export type LimitName =
  "signIn" | "open" | "stranger" | "handshake" | "mail" | "person" | "token" | "message";
export type Quotas = Record<LimitName, Quota>;

/** Those that guard against guessing are counted for all processes together; the others without a way to Redis. */
const SHARED: ReadonlySet<LimitName> = new Set(["signIn", "open", "stranger", "mail"]);
/** A healthy Redis answers within a millisecond. */
const ANSWER_WITHIN_MS = 500;

export type Limits = ReturnType<typeof createLimits>;

function describe(points: number, rate: RateLimiterRes, response: Response): void {
  response.setHeader("ratelimit-limit", points);
  response.setHeader("ratelimit-remaining", Math.max(0, rate.remainingPoints));
  response.setHeader("ratelimit-reset", Math.ceil(rate.msBeforeNext / 1_000));
}

function refusal(msBeforeNext: number): AppError {
  const retryAfterS = Math.max(1, Math.ceil(msBeforeNext / 1_000));
  return new AppError("rate_limited", `Too many calls, try again in ${retryAfterS} s`, { retryAfterS });
}

/** What counts for all processes together, and whether it can be reached at this moment. */
export type SharedCounts = { client: RedisClientType; isApart(): boolean };

/** Asks Redis, and this process's own count when Redis fails, or hangs: nobody's sign-in waits for it. */
async function askShared<T>(shared: Promise<T>, own: () => Promise<T>): Promise<T> {
  const answered = new AbortController();
  const late = delay(ANSWER_WITHIN_MS, undefined, { signal: answered.signal });
  try {
    return await Promise.race([shared, late.then(own)]);
  } finally {
    answered.abort();
    late.catch(() => undefined);
  }
}

export function createLimits(quotas: Quotas, shared: SharedCounts | undefined) {
  const make = (name: LimitName) => {
    const { points, seconds } = quotas[name];
    const options = { keyPrefix: `limit:${name}`, points, duration: seconds };
    const own = new RateLimiterMemory(options);
    if (!shared || !SHARED.has(name)) return { own, together: undefined };
    const { client: storeClient } = shared;
    // Without Redis each process counts by itself until it is back.
    const together = new RateLimiterRedis({
      ...options,
      storeClient,
      useRedisPackage: true,
      insuranceLimiter: own,
    });
    return { own, together };
  };
  const limiters = new Map(Object.keys(quotas).map((name) => [name, make(name as LimitName)]));
  const ask = <T>(name: LimitName, question: (limiter: RateLimiterAbstract) => Promise<T>): Promise<T> => {
    const { own, together } = limiters.get(name) as ReturnType<typeof make>;
    if (!together || shared?.isApart()) return question(own);
    return askShared(question(together), () => question(own));
  };
  return {
    /** Takes one of what is allowed to `key`, and tells the caller what is left. @throws AppError rate_limited */
    async take(name: LimitName, key: string, response?: Response): Promise<void> {
      const { points } = quotas[name];
      try {
        const rate = await ask(name, (limiter) => limiter.consume(key));
        if (response) describe(points, rate, response);
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        if (response) describe(points, error, response);
        throw refusal(error.msBeforeNext);
      }
    },
    /** As `take`, for doors that are not ours: seconds to wait, or undefined when the call is allowed. */
    async wait(name: LimitName, key: string): Promise<number | undefined> {
      try {
        await ask(name, (limiter) => limiter.consume(key));
        return undefined;
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        return Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
      }
    },
    /** Starts anew for `key`: who has proved to be who they say was not guessing. */
    async forget(name: LimitName, key: string): Promise<void> {
      await ask(name, (limiter) => limiter.delete(key));
    },
  };
}
