import { HEARTBEAT_MS, MAX_CATCH_UP } from "@dmtracker/shared/contracts/limits.ts";
import { JoinPipeline, LeavePipeline, type JoinReply } from "@dmtracker/shared/contracts/realtime.ts";
import { findEventsAfter } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { room } from "#server/platform/live.ts";
import { acked, type LiveSocket } from "#server/platform/sockets.ts";
import type { Presence } from "#server/presence/presence.ts";
import { findHeads, findPipeline } from "./pipeline.store.ts";

/** What a client missed since its last `seq`, or the word that it needs a snapshot. */
async function catchUp(pipelineId: string, head: number, since: number | undefined): Promise<JoinReply> {
  if (since === undefined || since > head || head - since > MAX_CATCH_UP)
    return { seq: head, snapshot: true };
  if (since === head) return { seq: head, events: [] };
  const events = await findEventsAfter(pipelineId, since, MAX_CATCH_UP);
  // Old events that were no history are forgotten after a while: a log with holes is no catch-up.
  const isWhole =
    events.every(({ seq }, index) => seq === since + index + 1) && events.length >= head - since;
  return isWhole ? { seq: events.at(-1)?.seq ?? head, events } : { seq: head, snapshot: true };
}

function noteCatchUp({ metrics }: AppContext, reply: JoinReply): void {
  if ("snapshot" in reply) metrics.caughtUp("snapshot", 0);
  else metrics.caughtUp(reply.events.length === 0 ? "current" : "events", reply.events.length);
}

export function pipelineSocket(app: AppContext, presence: Presence, socket: LiveSocket): void {
  const { userId, name, organizationId } = socket.data;

  socket.on(
    "pipeline:join",
    acked(JoinPipeline, app.logger, async ({ pipelineId, since }) => {
      // First the room, then the log: whatever is committed in between arrives live, so nothing falls through.
      const known = await findPipeline(pipelineId, organizationId);
      if (!known) throw new AppError("not_found", "No such pipeline");
      // A socket that closed meanwhile must not enter: nothing would ever take it out again.
      if (!socket.connected) throw new AppError("unauthenticated", "The connection has ended");
      await socket.join(room.pipeline(pipelineId));
      if (socket.connected) presence.enter(pipelineId, socket.id, { userId, name, contactId: null });
      const heads = await findHeads([pipelineId]);
      const reply = await catchUp(pipelineId, heads.get(pipelineId) ?? known.seq, since);
      noteCatchUp(app, reply);
      return reply;
    }),
  );

  socket.on(
    "pipeline:leave",
    acked(LeavePipeline, app.logger, async ({ pipelineId }) => {
      await socket.leave(room.pipeline(pipelineId));
      presence.leave(pipelineId, socket.id);
      return {};
    }),
  );
}

/**
 * Tells every watching client where the log stands, from the database: a client that has silently stopped hearing,
 * or whose news was lost between processes, notices that it is behind.
 * @returns stops the heartbeat
 */
export function startHeartbeat(app: AppContext, intervalMs: number = HEARTBEAT_MS): () => void {
  const beat = async (): Promise<void> => {
    const watched = app.live.watchedPipelines();
    if (watched.length === 0) return;
    for (const [pipelineId, seq] of await findHeads(watched)) app.live.publishHead(pipelineId, seq);
  };
  const timer = setInterval(() => {
    beat().catch((error: unknown) => app.logger.warn({ err: error }, "heartbeat failed"));
  }, intervalMs);
  return () => clearInterval(timer);
}
