import type { Server as HttpServer } from "node:http";
import type {
  ClientToServerEvents,
  Reply,
  ServerToClientEvents,
} from "@dmtracker/shared/contracts/realtime.ts";
import type { Logger } from "pino";
import { Server, type Socket } from "socket.io";
import type { z } from "zod";
import { findErrorBody, INTERNAL_ERROR } from "./error-body.ts";

const MAX_MESSAGE_BYTES = 100_000;

/** The person behind a socket, as of its handshake; rights are checked again with every message that writes. */
export type SocketData = { userId: string; name: string; organizationId: string; sessionId: string };

export type LiveServer = Server<
  ClientToServerEvents,
  ServerToClientEvents,
  Record<string, never>,
  SocketData
>;
export type LiveSocket = Socket<
  ClientToServerEvents,
  ServerToClientEvents,
  Record<string, never>,
  SocketData
>;

/**
 * Websocket only and uncompressed: polling halves the fan-out and deflate costs ten times the CPU and memory.
 * Reconnecting and catching up is the log's work, so Socket.IO keeps nothing for absent clients.
 */
export function createLiveServer(http: HttpServer, origins: readonly string[]): LiveServer {
  return new Server(http, {
    transports: ["websocket"],
    perMessageDeflate: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    serveClient: false,
    allowRequest: (request, allow) => {
      // A page of another site must not open a socket with this site's cookie. Programs send no origin.
      const { origin } = request.headers;
      allow(null, origin === undefined || origins.includes(origin));
    },
  });
}

/** Wraps a listener: input is checked, and every message is answered, whatever happens. */
export function acked<In, Out extends object>(
  schema: z.ZodType<In>,
  logger: Logger,
  run: (input: In) => Promise<Out> | Out,
) {
  return async (raw: unknown, ack: (reply: Reply<Out>) => void): Promise<void> => {
    if (typeof ack !== "function") return;
    try {
      ack({ ok: true, ...(await run(schema.parse(raw))) });
    } catch (error) {
      const body = findErrorBody(error);
      if (!body) logger.error({ err: error }, "live message failed");
      ack({ ok: false, ...(body ?? INTERNAL_ERROR) });
    }
  };
}
