import type { AppContext } from "#server/app-context.ts";
import { claimBulk } from "./bulk.store.ts";
import { runBulk } from "./run-bulk.ts";

const LOOK_EVERY_MS = 2_000;

/**
 * Looks now and then for bulk actions that nobody works on, because their process died or stopped, and goes on
 * with them. The timer only looks: what must happen stands in the database.
 * @returns stops looking
 */
export function takeUpBulks(app: AppContext, intervalMs: number = LOOK_EVERY_MS): () => void {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking || app.bulks.stopping) return;
    looking = true;
    try {
      const record = await claimBulk(app.bulks.owner, app.now());
      if (record) await app.bulks.track(runBulk(app, record));
    } catch (error) {
      app.logger.warn({ err: error }, "a bulk action could not be taken up");
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), intervalMs);
  return () => clearInterval(timer);
}
