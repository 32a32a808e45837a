import type { RequestHandler } from "express";

/** Where the server writes the address of a caller, whatever the caller says there. */
export const CLIENT_ADDRESS_HEADER = "x-client-address";

/** Whose address a call has: better-auth reads headers only, and what a caller writes there is no proof. */
export const noteAddress: RequestHandler = (request, _response, next) => {
  request.headers[CLIENT_ADDRESS_HEADER] = request.ip;
  next();
};
