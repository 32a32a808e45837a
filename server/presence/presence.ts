import type { Viewer } from "@dmtracker/shared/contracts/realtime.ts";

/** Joins and looks of a busy moment become one message. */
const COALESCE_MS = 150;

export type Presence = ReturnType<typeof createPresence>;

/** Who looks at which board and contact, per connection. Ephemeral: it lives in memory and dies with the socket. */
export function createPresence(publish: (pipelineId: string, viewers: Viewer[]) => void) {
  const boards = new Map<string, Map<string, Viewer>>();
  const due = new Map<string, NodeJS.Timeout>();

  const announce = (pipelineId: string): void => {
    if (due.has(pipelineId)) return;
    const timer = setTimeout(() => {
      due.delete(pipelineId);
      publish(pipelineId, [...(boards.get(pipelineId)?.values() ?? [])]);
    }, COALESCE_MS);
    due.set(pipelineId, timer);
  };

  const leave = (pipelineId: string, socketId: string): void => {
    const viewers = boards.get(pipelineId);
    if (!viewers?.delete(socketId)) return;
    if (viewers.size === 0) boards.delete(pipelineId);
    announce(pipelineId);
  };

  return {
    enter(pipelineId: string, socketId: string, viewer: Viewer): void {
      const viewers = boards.get(pipelineId) ?? new Map<string, Viewer>();
      boards.set(pipelineId, viewers);
      // Joining again after an interruption keeps the contact that is still open.
      viewers.set(socketId, { ...viewer, contactId: viewers.get(socketId)?.contactId ?? viewer.contactId });
      announce(pipelineId);
    },
    /** Notes which contact a viewer has open; unknown viewers are ignored: they have not joined. */
    look(pipelineId: string, socketId: string, contactId: string | null): void {
      const viewers = boards.get(pipelineId);
      const viewer = viewers?.get(socketId);
      if (!viewers || !viewer || viewer.contactId === contactId) return;
      viewers.set(socketId, { ...viewer, contactId });
      announce(pipelineId);
    },
    leave,
    leaveAll(socketId: string): void {
      for (const pipelineId of [...boards.keys()]) leave(pipelineId, socketId);
    },
    stop(): void {
      for (const timer of due.values()) clearTimeout(timer);
      due.clear();
    },
  };
}
