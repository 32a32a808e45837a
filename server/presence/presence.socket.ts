import { SetPresence } from "@dmtracker/shared/contracts/realtime.ts";
import type { MessageDoors } from "#server/platform/sockets.ts";
import type { Presence } from "./presence.ts";

export function presenceMessages(presence: Presence): Pick<MessageDoors, "presence:set"> {
  return {
    "presence:set": {
      schema: SetPresence,
      run(socket, { pipelineId, contactId }) {
        presence.look(pipelineId, socket.id, contactId);
        return {};
      },
    },
  };
}
