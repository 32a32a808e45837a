// Loaded before the program that is measured: tells over the parent's channel what is really held, after a collection.
process.on("message", (message) => {
  if (message !== "memory") return;
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  collect?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ memory: heapUsed + external });
});
process.channel?.unref();
// The bench was interrupted: nothing of it goes on.
process.on("disconnect", () => process.exit());
