import { randomUUID } from "node:crypto";
import type { Viewer } from "@dmtracker/shared/contracts/realtime.ts";

/** Joins and looks of a busy moment become one message. */
const COALESCE_MS = 150;
const REFRESH_MS = 3_000;
/** A process that has not been heard of for so long has no viewers any more: it died or Redis did. */
const FORGET_MS = 10_000;

/** Who looks at some boards through one process: always the whole list of each board that is named. */
export type NodePresence = { node: string; boards: Record<string, Viewer[]> };

/** How processes tell each other. Messages may be lost: each is repeated every few seconds. */
export type PresenceExchange = {
  send(told: NodePresence): void;
  listen(hear: (told: NodePresence) => void): void;
};

export type Presence = ReturnType<typeof createPresence>;

type Heard = { viewers: Viewer[]; at: number };

/** What other processes have told about one board each, as long as it is fresh. */
function createHearsay() {
  const boards = new Map<string, Map<string, Heard>>();
  const put = (pipelineId: string, node: string, viewers: Viewer[]): boolean => {
    const nodes = boards.get(pipelineId) ?? new Map<string, Heard>();
    const before = nodes.get(node)?.viewers ?? [];
    if (viewers.length > 0) nodes.set(node, { viewers, at: Date.now() });
    else nodes.delete(node);
    if (nodes.size > 0) boards.set(pipelineId, nodes);
    else boards.delete(pipelineId);
    return JSON.stringify(before) !== JSON.stringify(viewers);
  };
  return {
    /** @returns whether that changes who is there */
    put,
    viewersOf: (pipelineId: string): Viewer[] =>
      [...(boards.get(pipelineId)?.values() ?? [])].flatMap(({ viewers }) => viewers),
    /** @returns the boards that somebody has left */
    forgetOld(): string[] {
      const oldest = Date.now() - FORGET_MS;
      return [...boards].flatMap(([pipelineId, nodes]) => {
        const gone = [...nodes].filter(([, { at }]) => at < oldest);
        for (const [node] of gone) put(pipelineId, node, []);
        return gone.length > 0 ? [pipelineId] : [];
      });
    },
  };
}

/** Who looks at which board and contact, per connection. Ephemeral: it lives in memory and dies with the socket. */
export function createPresence(
  publish: (pipelineId: string, viewers: Viewer[]) => void,
  exchange?: PresenceExchange,
) {
  const node = randomUUID();
  const boards = new Map<string, Map<string, Viewer>>();
  const elsewhere = createHearsay();
  const due = new Map<string, NodeJS.Timeout>();
  /** Boards whose own viewers have changed since the other processes were told. */
  const untold = new Set<string>();

  const here = (pipelineId: string): Viewer[] => [...(boards.get(pipelineId)?.values() ?? [])];
  const tell = (pipelineIds: Iterable<string>): void => {
    const told = Object.fromEntries([...pipelineIds].map((id) => [id, here(id)]));
    if (Object.keys(told).length > 0) exchange?.send({ node, boards: told });
  };

  const announce = (pipelineId: string): void => {
    if (due.has(pipelineId)) return;
    const timer = setTimeout(() => {
      due.delete(pipelineId);
      publish(pipelineId, [...here(pipelineId), ...elsewhere.viewersOf(pipelineId)]);
      if (untold.delete(pipelineId)) tell([pipelineId]);
    }, COALESCE_MS);
    due.set(pipelineId, timer);
  };
  const announceOwn = (pipelineId: string): void => {
    untold.add(pipelineId);
    announce(pipelineId);
  };

  const leave = (pipelineId: string, socketId: string): void => {
    const viewers = boards.get(pipelineId);
    if (!viewers?.delete(socketId)) return;
    if (viewers.size === 0) boards.delete(pipelineId);
    announceOwn(pipelineId);
  };

  exchange?.listen((told) => {
    if (told.node === node) return;
    for (const [pipelineId, viewers] of Object.entries(told.boards)) {
      if (elsewhere.put(pipelineId, told.node, viewers)) announce(pipelineId);
    }
  });
  const refresh = setInterval(() => {
    tell(boards.keys());
    for (const pipelineId of elsewhere.forgetOld()) announce(pipelineId);
  }, REFRESH_MS);

  return {
    enter(pipelineId: string, socketId: string, viewer: Viewer): void {
      const viewers = boards.get(pipelineId) ?? new Map<string, Viewer>();
      boards.set(pipelineId, viewers);
      // Joining again after an interruption keeps the contact that is still open.
      viewers.set(socketId, { ...viewer, contactId: viewers.get(socketId)?.contactId ?? viewer.contactId });
      announceOwn(pipelineId);
    },
    /** Notes which contact a viewer has open; unknown viewers are ignored: they have not joined. */
    look(pipelineId: string, socketId: string, contactId: string | null): void {
      const viewers = boards.get(pipelineId);
      const viewer = viewers?.get(socketId);
      if (!viewers || !viewer || viewer.contactId === contactId) return;
      viewers.set(socketId, { ...viewer, contactId });
      announceOwn(pipelineId);
    },
    leave,
    leaveAll(socketId: string): void {
      for (const pipelineId of [...boards.keys()]) leave(pipelineId, socketId);
    },
    stop(): void {
      clearInterval(refresh);
      for (const timer of due.values()) clearTimeout(timer);
      due.clear();
      const watched = [...boards.keys()];
      boards.clear();
      tell(watched);
    },
  };
}
