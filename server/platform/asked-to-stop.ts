/**
 * Calls `stop` once: when a signal asks for it, or when who started us has died without a word. The latter is noticed
 * by whoever was started with a channel (`ipc`), which closes with its other end.
 */
export function onceAskedToStop(stop: () => Promise<void>): void {
  let stopping: Promise<void> | undefined;
  const begin = (): void => void (stopping ??= stop());
  // Ctrl+C comes twice: from the terminal, and from the script that started us.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, begin);
  process.once("disconnect", begin);
  const wasLeftWhileStarting = process.send !== undefined && !process.connected;
  if (wasLeftWhileStarting) begin();
}
