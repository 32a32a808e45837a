import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const START_LIMIT_MS = 120_000;
/** Whoever has not ended by then after a polite word is ended. */
const STOP_LIMIT_MS = 15_000;
const LOOK_EVERY_MS = 20;

export type Program = {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** What it reads from its standard input: the way for secrets, which a list of processes would show. */
  input?: string;
  /** One of ours: its channel tells it when we are gone, however we went. Others get a pipe (3) that ends then. */
  isOurs?: boolean;
  /** What it says when it may be used: a text of its output, or a question that it answers. */
  ready: RegExp | (() => Promise<boolean>);
  /** Its complaints go to our stderr; else they are kept for the error that says why it did not start. */
  isHeard?: boolean;
};

export type Running = {
  process: ChildProcess;
  /** What it has printed so far. */
  printed(): string;
  ended: Promise<void>;
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<void>;
};

/** A port of this machine that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Starts a program and waits until it may be used. @throws Error with what it said when it does not start */
export async function startProgram({
  command,
  args,
  env,
  input,
  isOurs,
  ready,
  isHeard,
}: Program): Promise<Running> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", isHeard ? "inherit" : "pipe", isOurs ? "ipc" : "pipe"],
    // In a group of its own: Ctrl+C reaches us alone, and we end everything in the right order.
    detached: true,
  });
  let output = "";
  let complaints = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input ?? "");
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      child.stdio[3]?.destroy();
      resolve();
    });
    child.once("error", (error) => {
      complaints += error.message;
      resolve();
    });
  });
  const limit = Date.now() + START_LIMIT_MS;
  while (!(await (ready instanceof RegExp ? ready.test(output) : ready()))) {
    if (hasEnded(child) || child.pid === undefined || Date.now() > limit) {
      child.kill("SIGKILL");
      throw new Error(`${command} ${args[0] ?? ""} did not start: ${output}${complaints}`.trim());
    }
    await delay(LOOK_EVERY_MS);
  }
  return {
    process: child,
    printed: () => output,
    ended,
    async end(signal = "SIGTERM") {
      if (hasEnded(child)) return;
      child.kill(signal);
      const tooLate = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      await ended;
      clearTimeout(tooLate);
    },
  };
}
