import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";

/** Where the server writes the address of a caller, whatever the caller says there. */
export const CLIENT_ADDRESS_HEADER = "x-client-address";

/** Whose address a call has: better-auth reads headers only, and what a caller writes there is no proof. */
export const noteAddress: RequestHandler = (request, _response, next) => {
  request.headers[CLIENT_ADDRESS_HEADER] = request.ip;
  next();
};

/** The same for who opens a socket, which Express does not see: the word of so many proxies in front counts. */
export function addressOf({ headers, socket }: IncomingMessage, proxies: number): string {
  const forwarded = String(headers["x-forwarded-for"] ?? "");
  const told = forwarded.split(",").map((address) => address.trim());
  const all = [socket.remoteAddress ?? "", ...told.filter(Boolean).reverse()];
  return all[Math.min(proxies, all.length - 1)] ?? "";
}
