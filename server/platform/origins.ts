import type { IncomingMessage } from "node:http";
import { AppError } from "./app-error.ts";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * A page of another site must not write with this site's cookie. Browsers say where a call comes from; programs say
 * nothing, and have no cookie that somebody else could use. A token is no cookie: it may come from anywhere.
 * @throws AppError forbidden
 */
export function requireOwnOrigin(
  origins: readonly string[],
  { method = "", headers }: IncomingMessage,
): void {
  if (READS.has(method) || headers["x-org-auth-token"] !== undefined) return;
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  const isOwn =
    origin === undefined ? site === undefined || site === "same-origin" : origins.includes(origin);
  if (!isOwn) {
    throw new AppError(
      "forbidden",
      `Calls from ${origin ?? "another site"} are not accepted, see PUBLIC_URL`,
    );
  }
}
