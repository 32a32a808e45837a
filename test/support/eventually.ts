import { setTimeout as delay } from "node:timers/promises";

/** Waits for a condition, never for a time: repeats an assertion until it holds or ten seconds are over. */
export async function eventually<T>(check: () => T | Promise<T>, limitMs = 10_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(15);
    }
  }
}
