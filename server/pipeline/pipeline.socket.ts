import { HEARTBEAT_MS } from "@dmtracker/shared/contracts/limits.ts";
import { JoinPipeline, LeavePipeline, type JoinReply } from "@dmtracker/shared/contracts/realtime.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { room } from "#server/platform/live.ts";
import type { MessageDoors } from "#server/platform/sockets.ts";
import type { Presence } from "#server/presence/presence.ts";
import { catchUp } from "./catch-up.ts";
import { findHeads, findPipeline } from "./pipeline.store.ts";

function noteCatchUp({ metrics }: AppContext, reply: JoinReply): void {
  if ("snapshot" in reply) metrics.caughtUp("snapshot", 0);
  else metrics.caughtUp(reply.events.length === 0 ? "current" : "events", reply.events.length);
}

export function pipelineMessages(
  app: AppContext,
  presence: Presence,
): Pick<MessageDoors, "pipeline:join" | "pipeline:leave"> {
  return {
    "pipeline:join": {
      schema: JoinPipeline,
      async run(socket, { pipelineId, since }) {
        const { userId, name, organizationId } = socket.data;
        // First the room, then the log: whatever is committed in between arrives live, so nothing falls through.
        const known = await findPipeline(pipelineId, organizationId);
        if (!known) throw new AppError("not_found", "No such pipeline");
        // A socket that closed meanwhile must not enter: nothing would ever take it out again.
        if (!socket.connected) throw new AppError("unauthenticated", "The connection has ended");
        await socket.join(room.pipeline(pipelineId));
        if (socket.connected) presence.enter(pipelineId, socket.id, { userId, name, contactId: null });
        const reply = await catchUp(pipelineId, since);
        noteCatchUp(app, reply);
        return reply;
      },
    },
    "pipeline:leave": {
      schema: LeavePipeline,
      async run(socket, { pipelineId }) {
        await socket.leave(room.pipeline(pipelineId));
        presence.leave(pipelineId, socket.id);
        return {};
      },
    },
  };
}

/** What comes through another process meanwhile comes with the heartbeat only. */
const HEARTBEAT_APART_MS = 1_000;

/**
 * Tells every watching client where the log stands, from the database: a client that has silently stopped hearing,
 * or whose news was lost between processes, notices that it is behind.
 */
export function startHeartbeat(
  app: AppContext,
  { intervalMs = HEARTBEAT_MS, isApart }: { intervalMs?: number | undefined; isApart: () => boolean },
): { beat(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const tellHeads = async (): Promise<void> => {
    const watched = app.live.watchedPipelines();
    if (watched.length === 0) return;
    for (const [pipelineId, seq] of await findHeads(watched)) {
      app.live.publishHead(pipelineId, seq, isApart());
    }
  };
  const beat = (): void => {
    if (isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(beat, isApart() ? Math.min(intervalMs, HEARTBEAT_APART_MS) : intervalMs);
    tellHeads().catch((error: unknown) => app.logger.warn({ err: error }, "heartbeat failed"));
  };
  beat();
  return {
    beat,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
