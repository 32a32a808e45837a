import { parentPort, workerData } from "node:worker_threads";
import { type ServeOptions, serve } from "./instance.ts";

const port = parentPort!;

try {
  const { url, stop } = await serve(workerData as ServeOptions);
  port.once("message", () => void stop().then(() => port.close()));
  port.postMessage({ url });
} catch (error) {
  port.postMessage({ failed: (error as Error).message });
  port.close();
}
