import type { Server as HttpServer } from "node:http";
import type {
  ClientToServerEvents,
  Reply,
  ServerToClientEvents,
  TvEvents,
} from "@dmtracker/shared/contracts/realtime.ts";
import type { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import type { Logger } from "pino";
import { Server, type DefaultEventsMap, type Namespace, type Socket } from "socket.io";
import type { z } from "zod";
import type { NodePresence, PresenceExchange } from "#server/presence/presence.ts";
import { findErrorBody, INTERNAL_ERROR } from "./error-body.ts";

const MAX_MESSAGE_BYTES = 100_000;
/** A closed laptop says nothing: after both of these it counts as gone. */
const PING_EVERY_MS = 5_000;
const PING_WAIT_MS = 4_000;

/** The person behind a socket, as of its handshake; rights are checked again with every message that writes. */
export type SocketData = { userId: string; name: string; organizationId: string; sessionId: string };

/** What processes tell each other. */
type NodeEvents = { "presence:told": (told: NodePresence) => void };

export type LiveServer = Server<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>;
export type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>;

/** Screens that only watch wins: what they are not sent they cannot have, for nothing they say is listened to. */
export type TvScreens = Namespace<Record<string, never>, TvEvents, DefaultEventsMap, { linkId: string }>;

export const tvScreens = (io: LiveServer): TvScreens => io.of("/tv") as unknown as TvScreens;

/**
 * Websocket only and uncompressed: polling halves the fan-out and deflate costs ten times the CPU and memory.
 * Reconnecting and catching up is the log's work, so Socket.IO keeps nothing for absent clients.
 */
export function createLiveServer(http: HttpServer, origins: readonly string[]): LiveServer {
  return new Server(http, {
    transports: ["websocket"],
    perMessageDeflate: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    pingInterval: PING_EVERY_MS,
    pingTimeout: PING_WAIT_MS,
    serveClient: false,
    allowRequest: (request, allow) => {
      // A page of another site must not open a socket with this site's cookie. Programs send no origin.
      const { origin } = request.headers;
      allow(null, origin === undefined || origins.includes(origin));
    },
  });
}

/** Presence between the processes that Redis joins. */
export function presenceExchange(io: LiveServer): PresenceExchange {
  return {
    send: (told) => void io.serverSideEmit("presence:told", told),
    listen: (hear) => void io.on("presence:told", hear),
  };
}

/** What a client is told when its message was refused or failed. */
export function refusalOf(error: unknown, logger: Logger): { ok: false } & ErrorBody {
  const body = findErrorBody(error);
  if (!body) logger.error({ err: error }, "live message failed");
  return { ok: false, ...(body ?? INTERNAL_ERROR) };
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
      ack(refusalOf(error, logger));
    }
  };
}
