type Words = { kind?: "message" | "error"; description?: string };

/**
 * A toast from code that is there at the first paint. Toasts are a tenth of the script and nobody's first paint shows
 * one: their code comes right after it, and words that are quicker wait for it.
 */
export function say(title: string, { kind = "message", ...more }: Words = {}): void {
  void import("svelte-sonner").then(
    ({ toast }) => toast[kind](title, more),
    // Without that code nothing can be drawn; the page says itself that the network is gone.
    () => undefined,
  );
}
