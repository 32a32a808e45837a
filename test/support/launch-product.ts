import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const START_LIMIT_MS = 60_000;

/** What `npm start` prints. */
export type Printed = { url: string; email?: string; password?: string; token?: string };

export type ProductProcess = Printed & {
  process: ChildProcess;
  /** As a power cut would: no handler runs. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });

/** Starts the real product as its own process on a data directory, and waits until it has printed its address. */
export async function launchProduct(
  dataDir: string,
  variables: Record<string, string> = {},
): Promise<ProductProcess> {
  const child = spawn(process.execPath, ["server/main.ts"], {
    cwd: ROOT,
    env: { ...process.env, PORT: "0", DATA_DIR: dataDir, LOG_LEVEL: "error", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A file that fails while it is read runs no hooks: nothing of it may go on for ever.
  const cut = (): boolean => child.kill("SIGKILL");
  process.once("exit", cut);
  child.once("exit", () => process.off("exit", cut));
  let output = "";
  let complaints = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const end = Date.now() + START_LIMIT_MS;
  // The password is printed with the address, in one go: wait for the last line of what was begun.
  while (!/^url: .+\n(email: .+\npassword: .+\ntoken: .+\n)?$/m.test(output)) {
    if (child.exitCode !== null || Date.now() > end) {
      child.kill("SIGKILL");
      throw new Error(`the product did not start: ${output}${complaints}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const printed = Object.fromEntries(
    output
      .trim()
      .split("\n")
      .map((line) => line.split(/: (.*)/s).slice(0, 2)),
  ) as Printed;
  const send = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended(child);
  };
  return { ...printed, process: child, kill: () => send("SIGKILL"), stop: () => send("SIGTERM") };
}
