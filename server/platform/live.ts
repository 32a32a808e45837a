import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { AccessEnd, Viewer } from "@dmtracker/shared/contracts/realtime.ts";
import type { Delivered } from "@dmtracker/shared/contracts/rest.ts";
import type { LiveServer, TvScreens } from "./sockets.ts";

/** How long a caller who wants to know waits for boards that do not answer. */
const DELIVERED_WAIT_MS = 3_000;

/** Names of rooms. A socket is in its member's and session's rooms from the start, in a pipeline's after joining. */
export const room = {
  pipeline: (id: string) => `pipeline:${id}`,
  organization: (id: string) => `organization:${id}`,
  member: (organizationId: string, userId: string) => `member:${organizationId}:${userId}`,
  session: (id: string) => `session:${id}`,
  tvLink: (id: string) => `tv:${id}`,
  user: (id: string) => `user:${id}`,
};

/** A contact became won or stopped being it, or what it was won for has changed. */
function concernsWins({ type, before, after }: PipelineEvent): boolean {
  if (before.leadStatus !== "won" && after.leadStatus !== "won") return false;
  if (type === "contact.removed") return true;
  return after.leadStatus !== undefined || (type === "contact.fields_changed" && after.value !== undefined);
}

/** Everything that leaves for browsers by itself. */
export type Live = ReturnType<typeof createLive>;

export function createLive(io: LiveServer, tv: TvScreens) {
  const revoke = (target: string, end: AccessEnd): void => {
    io.to(target).emit("access:revoked", end);
    io.in(target).disconnectSockets(true);
  };
  /** A process that does not answer is left out: the change stands, and whoever asked must get an answer. */
  const countBoards = async (pipelineId: string): Promise<number> => {
    const target = room.pipeline(pipelineId);
    const sockets = await io
      .in(target)
      .fetchSockets()
      .catch(() => io.local.in(target).fetchSockets());
    return sockets.length;
  };
  return {
    /** The events of one commit, as one message: serialised once for the whole room. */
    publishEvents(pipelineId: string, organizationId: string, events: PipelineEvent[]): void {
      io.to(room.pipeline(pipelineId)).emit("pipeline:events", { pipelineId, events });
      const win = events.findLast(concernsWins);
      if (!win) return;
      const hint = { pipelineId, seq: win.seq };
      io.to(room.organization(organizationId)).emit("wins", hint);
      tv.to([room.pipeline(pipelineId), room.organization(organizationId)]).emit("wins", hint);
    },
    /** Heartbeat to the clients of this process. */
    publishHead(pipelineId: string, seq: number, isApart: boolean): void {
      const head = { pipelineId, seq, ...(isApart && { apart: true as const }) };
      io.local.to(room.pipeline(pipelineId)).emit("pipeline:head", head);
    },
    /** Asks every open board, on every process, whether it has everything up to `seq`. */
    async askDelivered(pipelineId: string, seq: number): Promise<Delivered> {
      const asking = new Promise<boolean[]>((resolve) => {
        // Who does not answer in time is left out: `replies` holds those that did.
        const hear = (_late: Error | null, replies: boolean[] = []) => resolve(replies);
        io.to(room.pipeline(pipelineId))
          .timeout(DELIVERED_WAIT_MS)
          .emit("pipeline:delivered", { pipelineId, seq }, hear);
      });
      const [length, replies] = await Promise.all([countBoards(pipelineId), asking]);
      const acknowledged = replies.filter(Boolean).length;
      return { boards: Math.max(length, acknowledged), acknowledged };
    },
    publishViewers(pipelineId: string, viewers: Viewer[]): void {
      io.local.to(room.pipeline(pipelineId)).emit("presence", { pipelineId, viewers });
    },
    /** Pipelines that somebody connected to this process looks at. */
    watchedPipelines(): string[] {
      const prefix = room.pipeline("");
      return [...io.sockets.adapter.rooms.keys()]
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length));
    },
    /** To one member's pages, or to everybody's when the view is or was shared. */
    publishViewsChanged(organizationId: string, userId: string | null, pipelineId: string): void {
      const target =
        userId === null ? room.organization(organizationId) : room.member(organizationId, userId);
      io.to(target).emit("views:changed", { pipelineId });
    },
    /** How far somebody's bulk action is, on each of their pages. */
    publishBulk(organizationId: string, userId: string, bulk: BulkAction): void {
      io.to(room.member(organizationId, userId)).emit("bulk:progress", { bulk });
    },
    /** One member's pages of this organization, wherever they are signed in. */
    revokeMember(organizationId: string, userId: string, end: AccessEnd): void {
      revoke(room.member(organizationId, userId), end);
    },
    revokeSession(sessionId: string, end: AccessEnd): void {
      revoke(room.session(sessionId), end);
    },
    revokeUser(userId: string, end: AccessEnd): void {
      revoke(room.user(userId), end);
    },
    revokeOrganization(organizationId: string, end: AccessEnd): void {
      revoke(room.organization(organizationId), end);
    },
    revokeTvLink(linkId: string, reason: string): void {
      tv.to(room.tvLink(linkId)).emit("access:revoked", { cause: "removed", reason });
      tv.in(room.tvLink(linkId)).disconnectSockets(true);
    },
  };
}
