import { isServerThere } from "#lib/api/reach.ts";

const ASK_EVERY_MS = 4_000;

/**
 * Runs once the server answers again: asked every few seconds, and at once when the browser finds its network.
 * @returns stops asking
 */
export function whenServerReturns(run: () => void, isThere = isServerThere): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  async function ask(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const there = await isThere();
    if (stopped) return;
    if (there) {
      stop();
      run();
    } else timer ??= setTimeout(() => void ask(), ASK_EVERY_MS);
  }
  const askNow = (): void => void ask();
  function stop(): void {
    stopped = true;
    clearTimeout(timer);
    removeEventListener("online", askNow);
  }
  timer = setTimeout(askNow, ASK_EVERY_MS);
  addEventListener("online", askNow);
  return stop;
}
