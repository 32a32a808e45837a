import type { AppContext } from "#server/app-context.ts";
import type { LiveServer } from "#server/platform/sockets.ts";
import { LAST_SEEN_STEP_MS, noteSeen } from "./last-seen.store.ts";

type Who = { organizationId: string; userId: string };

/** In the background: nobody waits for a line in a list of members. */
export function notePresence(app: AppContext, { organizationId, userId }: Who): void {
  noteSeen(organizationId, userId, app.now()).catch((error: unknown) =>
    app.logger.warn({ err: error }, "could not note who was here"),
  );
}

const SECOND_MS = 1_000;
const SECONDS = LAST_SEEN_STEP_MS / SECOND_MS;
const secondOf = (at: number): number => Math.floor(at / SECOND_MS) % SECONDS;

/**
 * Who only looks is there as well: a wall screen sends nothing. Each socket is noted once a minute, in the second in
 * which it came; one clock for all, because most of a board's viewers never do anything else.
 */
export function noteWatching(app: AppContext, io: LiveServer): { stop(): void } {
  let second = secondOf(Date.now());
  const timer = setInterval(() => {
    const until = secondOf(Date.now());
    const passed = new Set<number>();
    for (; second !== until; second = (second + 1) % SECONDS) passed.add(second);
    for (const { data, handshake } of io.sockets.sockets.values()) {
      if (passed.has(secondOf(handshake.issued))) notePresence(app, data);
    }
  }, SECOND_MS);
  return { stop: () => clearInterval(timer) };
}
