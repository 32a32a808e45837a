import { setTimeout as delay } from "node:timers/promises";
import type { Running } from "./child-program.ts";

const COMES_BACK_MS = 500;

export type Kept = {
  /** What the first start printed. */
  printed: string;
  stop(): Promise<void>;
};

/** Starts a program, and again whenever it ends by itself. @throws when the first start fails */
export async function keepRunning(name: string, start: () => Promise<Running>): Promise<Kept> {
  let running = await start();
  let isStopping = false;
  const printed = running.printed();
  const watch = async (): Promise<void> => {
    while (!isStopping) {
      await running.ended;
      if (isStopping) return;
      console.error(`${name} has ended and is started again`);
      await delay(COMES_BACK_MS);
      await start().then(
        (again) => (running = again),
        (error: unknown) => console.error(error instanceof Error ? error.message : error),
      );
    }
  };
  const watching = watch();
  return {
    printed,
    async stop() {
      isStopping = true;
      await running.end();
      await watching;
    },
  };
}
