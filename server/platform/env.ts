import { z } from "zod";
import type { LimitName, Quota, Quotas } from "./limits.ts";

const Url = (...protocols: string[]) =>
  z.string().refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}://`)), {
    message: `must start with ${protocols.map((protocol) => `${protocol}://`).join(" or ")}`,
  });

/** An address without a path: cookies, allowed origins and links are made from it. */
const Origin = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && !url.search;
  if (isOrigin) return url.origin;
  context.addIssue({
    code: "custom",
    message: "must be an address without a path, such as https://sales.example.com",
  });
  return z.NEVER;
});

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "silent"] as const;

/** `10/900`: ten in 900 seconds. */
const QuotaText = z
  .string()
  .regex(/^[1-9]\d{0,8}\/[1-9]\d{0,5}$/, "must be a number of calls and of seconds, such as 10/900")
  .transform((text): Quota => {
    const [points = 0, seconds = 0] = text.split("/").map(Number);
    return { points, seconds };
  });

/** Strict where guessing pays, generous where work is done: 1,000 calls a second of one token are work. */
const QUOTAS = {
  LIMIT_SIGN_IN: ["signIn", "10/900"],
  LIMIT_OPEN: ["open", "300/300"],
  LIMIT_STRANGER: ["stranger", "300/300"],
  LIMIT_HANDSHAKE: ["handshake", "3000/60"],
  LIMIT_MAIL: ["mail", "20/3600"],
  LIMIT_PERSON: ["person", "6000/60"],
  LIMIT_TOKEN: ["token", "120000/60"],
  LIMIT_MESSAGES: ["message", "30000/60"],
} as const satisfies Record<string, readonly [LimitName, string]>;
type QuotaVariable = keyof typeof QUOTAS;

const quotaFields = Object.fromEntries(
  Object.entries(QUOTAS).map(([variable, [, usual]]) => [variable, QuotaText.prefault(usual)]),
) as unknown as Record<QuotaVariable, typeof QuotaText>;

const EnvSchema = z
  .object({
    PORT: z.coerce
      .number("must be a number")
      .int("must be a whole number")
      .min(0, "must be 0 to 65535")
      .max(65_535, "must be 0 to 65535")
      .default(3000),
    HOST: z.string().min(1).default("127.0.0.1"),
    DATA_DIR: z.string().min(1).default("./data"),
    MONGODB_URL: Url("mongodb", "mongodb+srv").optional(),
    REDIS_URL: Url("redis", "rediss").optional(),
    PUBLIC_URL: Origin.optional(),
    AUTH_SECRET: z.string().min(32, "must have at least 32 characters").optional(),
    DEMO: z.enum(["0", "1"], "must be 0 or 1").optional(),
    METRICS_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
    SIGN_UP: z.enum(["open", "invite"], "must be open or invite").optional(),
    TRUST_PROXY: z.coerce
      .number("must be the number of proxies in front")
      .int("must be the number of proxies in front")
      .min(0, "must be 0 to 10")
      .max(10, "must be 0 to 10")
      .default(0),
    SMTP_URL: Url("smtp", "smtps").optional(),
    MAIL_FROM: z.string().min(3).optional(),
    WEBHOOK_ALLOW_PRIVATE: z.enum(["0", "1"], "must be 0 or 1").default("0"),
    RESET_LINK_FOR: z.email("must be an e-mail address").optional(),
    ...quotaFields,
    LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of: ${LOG_LEVELS.join(", ")}`).default("warn"),
  })
  .refine(({ MONGODB_URL, AUTH_SECRET }) => !MONGODB_URL || AUTH_SECRET, {
    path: ["AUTH_SECRET"],
    message: "is required with MONGODB_URL, so that every process signs sessions alike",
  })
  .refine(({ SMTP_URL, MAIL_FROM }) => !SMTP_URL || MAIL_FROM, {
    path: ["MAIL_FROM"],
    message: "is required with SMTP_URL: the address that mails come from",
  });

export type Env = {
  port: number;
  host: string;
  dataDir: string;
  mongodbUrl: string | undefined;
  redisUrl: string | undefined;
  /** The address people use; undefined until the port is known, then `http://localhost:<port>`. */
  publicUrl: string | undefined;
  authSecret: string | undefined;
  /** Make the demo organization when the database is empty. */
  demo: boolean;
  /** Who bears it may read `/metrics`; without one only this machine may. */
  metricsToken: string | undefined;
  logLevel: string;
  /** Who may make an organization: everybody, or the first person and then owners only. */
  signUp: "open" | "invite";
  /** Proxies in front whose word about a caller's address counts. */
  trustProxy: number;
  smtp: { url: string; from: string } | undefined;
  /** Print a one-time link for this person at the start: the way back in for an owner without mail. */
  resetLinkFor: string | undefined;
  /** Webhooks may go to this machine and its network, and without https. */
  webhooksMayReachInner: boolean;
  quotas: Quotas;
};

/** Reads the configuration once. A wrong value throws one line that names the variable. */
export function readEnv(variables: Record<string, string | undefined>): Env {
  // `PORT= npm start` means "not set", as in every shell script.
  const present = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const parsed = EnvSchema.safeParse(present);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`Configuration: ${lines.join("; ")}`);
  }
  const { data } = parsed;
  return {
    port: data.PORT,
    host: data.HOST,
    dataDir: data.DATA_DIR,
    mongodbUrl: data.MONGODB_URL,
    redisUrl: data.REDIS_URL,
    publicUrl: data.PUBLIC_URL,
    authSecret: data.AUTH_SECRET,
    demo: data.DEMO ? data.DEMO === "1" : !data.MONGODB_URL,
    metricsToken: data.METRICS_TOKEN,
    logLevel: data.LOG_LEVEL,
    signUp: data.SIGN_UP ?? (data.PUBLIC_URL ? "invite" : "open"),
    trustProxy: data.TRUST_PROXY,
    smtp: data.SMTP_URL && data.MAIL_FROM ? { url: data.SMTP_URL, from: data.MAIL_FROM } : undefined,
    resetLinkFor: data.RESET_LINK_FOR,
    webhooksMayReachInner: data.WEBHOOK_ALLOW_PRIVATE === "1",
    quotas: Object.fromEntries(
      Object.entries(QUOTAS).map(([variable, [name]]) => [name, data[variable as QuotaVariable]]),
    ) as Quotas,
  };
}
