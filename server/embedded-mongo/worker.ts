import { parentPort, workerData } from "node:worker_threads";
import { serve } from "./instance.ts";

const { socketPath, dir } = workerData as { socketPath: string; dir: string | undefined };
const port = parentPort!;

try {
  const stop = await serve(socketPath, dir);
  port.once("message", () => void stop().then(() => port.close()));
  port.postMessage({ ready: true });
} catch (error) {
  port.postMessage({ failed: (error as Error).message });
  port.close();
}
