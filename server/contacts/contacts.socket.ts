import { createHash } from "node:crypto";
import { ChangeContactMessage } from "@dmtracker/shared/contracts/realtime.ts";
import type { AppContext } from "#server/app-context.ts";
import { createTurns, type InTurn } from "#server/platform/in-turn.ts";
import type { LiveSocket, MessageDoors } from "#server/platform/sockets.ts";
import { changeContact } from "./change-contact.ts";

export function contactMessages(app: AppContext): Pick<MessageDoors, "contact:change"> {
  // A person's moves must happen in the order in which they were made, also when none waits for the one before.
  const turns = new WeakMap<LiveSocket, InTurn>();
  const turnOf = (socket: LiveSocket): InTurn => {
    const inTurn = turns.get(socket) ?? createTurns();
    turns.set(socket, inTurn);
    return inTurn;
  };
  return {
    "contact:change": {
      schema: ChangeContactMessage,
      async run(socket, { mutationId, contactId, version, ...change }) {
        const { userId, name, organizationId } = socket.data;
        const call = JSON.stringify([contactId, change]);
        const { seq, version: saved } = await changeContact(app, {
          organizationId,
          contactId,
          change,
          actor: { type: "user", id: userId, name },
          seenVersion: version,
          mutation: {
            id: `user:${userId}:${mutationId}`,
            fingerprint: createHash("sha256").update(call).digest("hex"),
          },
          inTurn: turnOf(socket),
        });
        return { seq, version: saved };
      },
    },
  };
}
