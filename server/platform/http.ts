import { ERROR_STATUS, TEMPORARY_ERRORS } from "@dmtracker/shared/contracts/error-codes.ts";
import type { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import helmet from "helmet";
import type { Logger } from "pino";
import { AppError } from "./app-error.ts";
import { findErrorBody, INTERNAL_ERROR } from "./error-body.ts";

/** The one shape of a successful answer. */
export function answer(response: Response, data: unknown, message = "OK", status = 200): void {
  response.status(status).json({ status: "success", message, data });
}

/** Seconds after which a call that was refused for lack of time or room may come again. */
const RETRY_AFTER_S = 1;

function refuse(response: Response, body: ErrorBody, retryAfterS = RETRY_AFTER_S): void {
  if (TEMPORARY_ERRORS.has(body.code)) response.setHeader("retry-after", retryAfterS);
  response.status(ERROR_STATUS[body.code]).json({ status: "error", ...body });
}

/** Every thrown error leaves through here. What nobody foresaw is logged whole and told as nothing but a code. */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const body = findErrorBody(error);
    const { id: requestId, method, path } = request;
    if (!body) logger.error({ err: error, requestId, method, path }, "request failed");
    refuse(
      response,
      body ?? { ...INTERNAL_ERROR, request_id: requestId as string },
      error instanceof AppError ? error.retryAfterS : undefined,
    );
  };
}

/** Bodies are JSON or nothing: anything else would be read as an empty object and half-understood. */
export const requireJson: RequestHandler = (request, _response, next) => {
  const hasBody =
    Number(request.headers["content-length"] ?? 0) > 0 || "transfer-encoding" in request.headers;
  if (hasBody && !request.is("application/json")) {
    next(new AppError("unsupported_media_type", "Send the body as application/json"));
    return;
  }
  next();
};

export const unknownPath: RequestHandler = (request, _response, next) => {
  next(new AppError("not_found", `There is no ${request.method} ${request.baseUrl}${request.path}`));
};

/** What is read by programs runs nothing and is shown in no frame. */
export const dataPolicy: RequestHandler = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] },
});

/**
 * Answers are somebody's own and change: a browser may keep one, and asks with its ETag whether it still holds
 * before showing it again.
 */
export const askAgain: RequestHandler = (request, response, next) => {
  // fetch() adds `no-cache` to every call with If-None-Match, which Express takes for "send it whatever the ETag says".
  // Nothing stands between: every answer of ours is made for the call.
  if (request.headers["if-none-match"]) delete request.headers["cache-control"];
  response.setHeader("cache-control", "private, no-cache");
  next();
};
