import { SetPresence } from "@dmtracker/shared/contracts/realtime.ts";
import type { AppContext } from "#server/app-context.ts";
import { acked, type LiveSocket } from "#server/platform/sockets.ts";
import type { Presence } from "./presence.ts";

export function presenceSocket(app: AppContext, presence: Presence, socket: LiveSocket): void {
  socket.on(
    "presence:set",
    acked(SetPresence, app.logger, ({ pipelineId, contactId }) => {
      presence.look(pipelineId, socket.id, contactId);
      return {};
    }),
  );
  socket.on("disconnect", () => presence.leaveAll(socket.id));
}
