import { createHash } from "node:crypto";
import { ChangeContactMessage } from "@dmtracker/shared/contracts/realtime.ts";
import type { AppContext } from "#server/app-context.ts";
import { createTurns } from "#server/platform/in-turn.ts";
import { acked, type LiveSocket } from "#server/platform/sockets.ts";
import { changeContact } from "./change-contact.ts";

export function contactsSocket(app: AppContext, socket: LiveSocket): void {
  const { userId, name, organizationId } = socket.data;
  // A person's moves must happen in the order in which they were made, also when none waits for the one before.
  const inTurn = createTurns();
  socket.on(
    "contact:change",
    acked(ChangeContactMessage, app.logger, async ({ mutationId, contactId, version, ...change }) => {
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
        inTurn,
      });
      return { seq, version: saved };
    }),
  );
}
