import type { AppContext } from "./app-context.ts";
import { bulkMessages } from "./bulk/bulk.socket.ts";
import { contactMessages } from "./contacts/contacts.socket.ts";
import { findPerson, requireMember } from "./organizations/caller.ts";
import { hearMessages } from "./organizations/hear-messages.ts";
import { notePresence, noteWatching } from "./organizations/note-presence.ts";
import { SessionWatch } from "./organizations/session-watch.ts";
import { pipelineMessages } from "./pipeline/pipeline.socket.ts";
import { AppError } from "./platform/app-error.ts";
import { addressOf } from "./platform/client-address.ts";
import { createGate } from "./platform/gate.ts";
import { room } from "./platform/live.ts";
import type { Nodes } from "./platform/redis.ts";
import {
  forgetHandshake,
  presenceExchange,
  requireHandshake,
  type LiveServer,
  type LiveSocket,
} from "./platform/sockets.ts";
import { createPresence } from "./presence/presence.ts";
import { presenceMessages } from "./presence/presence.socket.ts";

/** While the processes cannot hear each other, who was signed out through another one is found by looking. */
const LOOK_WHILE_APART_MS = 10_000;
/** Handshakes that look at the database at once: after a process has died everybody comes together. */
const HANDSHAKES_AT_ONCE = 16;

async function admit(app: AppContext, socket: LiveSocket): Promise<void> {
  const request = requireHandshake(socket);
  const address = addressOf(request, app.env.trustProxy);
  await app.limits.take("handshake", address);
  const person = await findPerson(app, request.headers);
  if (!person) {
    // Guessing costs here as it does for REST.
    await app.limits.take("stranger", address);
    throw new AppError("unauthenticated", "You are signed out");
  }
  const { user, organizationId, sessionId } = await requireMember(app, person);
  Object.assign(socket.data, { userId: user.id, name: user.name, organizationId, sessionId });
}

/** Lets people in, and hears what their screens say until they leave. */
export function openSockets(app: AppContext, io: LiveServer, nodes: Nodes | undefined): { stop(): void } {
  const sessions = new SessionWatch(app);
  const handshakes = createGate(HANDSHAKES_AT_ONCE);
  nodes?.onChange((isApart) => void (isApart || sessions.lookAtAll()));
  const looking = setInterval(() => void (nodes?.isApart() && sessions.lookAtAll()), LOOK_WHILE_APART_MS);
  const presence = createPresence(
    (pipelineId, viewers) => app.live.publishViewers(pipelineId, viewers),
    nodes && presenceExchange(io),
  );
  io.use((socket, next) => {
    handshakes(() => admit(app, socket)).then(
      () => next(),
      (error: unknown) => {
        const code = error instanceof AppError ? error.code : "internal";
        if (code === "internal") app.logger.error({ err: error }, "handshake failed");
        const retryAfterS = error instanceof AppError ? error.retryAfterS : undefined;
        next(Object.assign(new Error(code), retryAfterS !== undefined && { data: { retryAfterS } }));
      },
    );
  });
  const doors = {
    ...contactMessages(app),
    ...bulkMessages(app),
    ...pipelineMessages(app, presence),
    ...presenceMessages(presence),
  };
  io.on("connection", (socket) => {
    const { userId, organizationId, sessionId } = socket.data;
    forgetHandshake(socket);
    void socket.join([
      room.member(organizationId, userId),
      room.session(sessionId),
      room.user(userId),
      room.organization(organizationId),
    ]);
    socket.once("disconnect", () => {
      sessions.forget(socket);
      presence.leaveAll(socket.id);
    });
    sessions.watch(socket);
    notePresence(app, socket.data);
    hearMessages(app, socket, doors);
  });
  const watching = noteWatching(app, io);
  return {
    stop() {
      clearInterval(looking);
      watching.stop();
      sessions.stop();
      presence.stop();
    },
  };
}
