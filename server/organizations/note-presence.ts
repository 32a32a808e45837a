import type { AppContext } from "#server/app-context.ts";
import type { LiveSocket } from "#server/platform/sockets.ts";
import { LAST_SEEN_STEP_MS, noteSeen } from "./last-seen.store.ts";

type Who = { organizationId: string; userId: string };

/** In the background: nobody waits for a line in a list of members. */
export function notePresence(app: AppContext, { organizationId, userId }: Who): void {
  noteSeen(organizationId, userId, app.now()).catch((error: unknown) =>
    app.logger.warn({ err: error }, "could not note who was here"),
  );
}

/** Who only looks is there as well: a wall screen sends nothing. */
export function noteWatching(app: AppContext, socket: LiveSocket): void {
  notePresence(app, socket.data);
  const timer = setInterval(() => notePresence(app, socket.data), LAST_SEEN_STEP_MS);
  socket.once("disconnect", () => clearInterval(timer));
}
