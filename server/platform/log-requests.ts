import type { RequestHandler } from "express";
import type { Logger } from "pino";
import { pinoHttp } from "pino-http";
import { nameRequest } from "./request-id.ts";

/**
 * Names every request, and writes a line for each where lines of that level are written: preparing a line that nobody
 * sees would take a tenth of a small request's time.
 */
export function logRequests(logger: Logger): RequestHandler {
  if (logger.isLevelEnabled("debug"))
    return pinoHttp({ logger, useLevel: "debug", quietReqLogger: true, genReqId: nameRequest });
  return (request, response, next) => {
    request.id = nameRequest(request, response);
    next();
  };
}
