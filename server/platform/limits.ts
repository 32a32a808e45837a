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
 * `stranger`: refused calls of one address. `mail`: mails that one address or person causes. The rest is generous:
 * `person` a session, `token` an API token, `message` a person's live messages.
 */
export type LimitName = "signIn" | "open" | "stranger" | "mail" | "person" | "token" | "message";
export type Quotas = Record<LimitName, Quota>;

/** Those that guard against guessing are counted for all processes together; the others without a way to Redis. */
const SHARED: ReadonlySet<LimitName> = new Set(["signIn", "open", "stranger", "mail"]);

export type Limits = ReturnType<typeof createLimits>;

function describe(limiter: RateLimiterAbstract, rate: RateLimiterRes, response: Response): void {
  response.setHeader("ratelimit-limit", limiter.points);
  response.setHeader("ratelimit-remaining", Math.max(0, rate.remainingPoints));
  response.setHeader("ratelimit-reset", Math.ceil(rate.msBeforeNext / 1_000));
}

function refusal(msBeforeNext: number): AppError {
  const retryAfterS = Math.max(1, Math.ceil(msBeforeNext / 1_000));
  return new AppError("rate_limited", `Too many calls, try again in ${retryAfterS} s`, { retryAfterS });
}

export function createLimits(quotas: Quotas, redis: RedisClientType | undefined) {
  const make = (name: LimitName): RateLimiterAbstract => {
    const { points, seconds } = quotas[name];
    const options = { keyPrefix: `limit:${name}`, points, duration: seconds };
    const memory = new RateLimiterMemory(options);
    if (!redis || !SHARED.has(name)) return memory;
    // Without Redis each process counts by itself until it is back.
    return new RateLimiterRedis({
      ...options,
      storeClient: redis,
      useRedisPackage: true,
      insuranceLimiter: memory,
    });
  };
  const limiters = new Map(Object.keys(quotas).map((name) => [name, make(name as LimitName)]));
  const of = (name: LimitName): RateLimiterAbstract => limiters.get(name) as RateLimiterAbstract;
  return {
    /** Takes one of what is allowed to `key`, and tells the caller what is left. @throws AppError rate_limited */
    async take(name: LimitName, key: string, response?: Response): Promise<void> {
      const limiter = of(name);
      try {
        const rate = await limiter.consume(key);
        if (response) describe(limiter, rate, response);
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        if (response) describe(limiter, error, response);
        throw refusal(error.msBeforeNext);
      }
    },
    /** As `take`, for doors that are not ours: seconds to wait, or undefined when the call is allowed. */
    async wait(name: LimitName, key: string): Promise<number | undefined> {
      try {
        await of(name).consume(key);
        return undefined;
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        return Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
      }
    },
    /** Starts anew for `key`: who has proved to be who they say was not guessing. */
    async forget(name: LimitName, key: string): Promise<void> {
      await of(name).delete(key);
    },
  };
}
