import type { IncomingMessage, Server as HttpServer } from "node:http";
import type {
  ClientToServerEvents,
  ServerToClientEvents,
  TvEvents,
} from "@dmtracker/shared/contracts/realtime.ts";
import type { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import type { Logger } from "pino";
import { Server, type DefaultEventsMap, type Namespace, type Socket } from "socket.io";
import type { z } from "zod";
import type { NodePresence, PresenceExchange } from "#server/presence/presence.ts";
import { AppError } from "./app-error.ts";
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

export type MessageName = keyof ClientToServerEvents;
type InputOf<Name extends MessageName> = Parameters<ClientToServerEvents[Name]>[0];
type ReplyOf<Name extends MessageName> = Parameters<Parameters<ClientToServerEvents[Name]>[1]>[0];
type AnswerOf<Name extends MessageName> = Omit<Extract<ReplyOf<Name>, { ok: true }>, "ok">;

/** How one kind of message is checked and carried out, for whichever socket sent it. */
export type MessageDoor<Name extends MessageName> = {
  schema: z.ZodType<InputOf<Name>>;
  run(this: void, socket: LiveSocket, input: InputOf<Name>): Promise<AnswerOf<Name>> | AnswerOf<Name>;
};
/** One for every message that a client may send. */
export type MessageDoors = { [Name in MessageName]: MessageDoor<Name> };

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

/**
 * Lets go of the request that opened a connection, a good part of what a viewer costs: who it is has been found out.
 * https://socket.io/docs/v4/memory-usage
 */
export function forgetHandshake({ conn, handshake }: Pick<LiveSocket, "conn" | "handshake">): void {
  Object.assign(conn, { request: undefined });
  handshake.headers = {};
}

/** The request that opened the connection. It is not kept, so a second namespace needs a connection of its own. */
export function requireHandshake(socket: { request: IncomingMessage | undefined }): IncomingMessage {
  if (!socket.request) throw new AppError("invalid", "Open a connection of its own for this");
  return socket.request;
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
