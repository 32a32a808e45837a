import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** What may stand in a log line and a header as it came. */
const SANE = /^[\w.:/+=-]{1,100}$/;

/** The caller's own `x-request-id`, else a new one. It goes back with the answer and stands in every log line. */
export function nameRequest(request: IncomingMessage, response: ServerResponse): string {
  const claimed = request.headers["x-request-id"];
  const id = typeof claimed === "string" && SANE.test(claimed) ? claimed : randomUUID();
  response.setHeader("x-request-id", id);
  return id;
}
