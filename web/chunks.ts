import { join } from "node:path";
import type { Rolldown } from "vite";

const ROUTES = join(import.meta.dirname, "src/routes");
/** What a browser needs before a board works. */
const BOARD = ["+layout.svelte", "(app)/+layout.svelte", "(app)/pipeline/[pipelineId]/+page.svelte"].map(
  (page) => join(ROUTES, page),
);
/** What it needs where nobody is signed in yet. */
const DOOR = ["+layout.svelte", "sign-in/+page.svelte"].map((page) => join(ROUTES, page));

function closure(entries: readonly string[], context: Rolldown.ChunkingContext): Set<string> {
  const taken = new Set<string>();
  const waiting = [...entries];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (taken.has(id)) continue;
    taken.add(id);
    waiting.push(...(context.getModuleInfo(id)?.importedIds ?? []));
  }
  return taken;
}

let closures: { board: Set<string>; door: Set<string> } | undefined;

/**
 * Left alone, the bundler cuts what the board needs into some sixty files, one per combination of pages that share
 * something: each is a request of its own and compresses by itself. The board gets one file, and what it shares with
 * the sign-in page another one.
 */
export function chunkOf(id: string, context: Rolldown.ChunkingContext): string | undefined {
  closures ??= { board: closure(BOARD, context), door: closure(DOOR, context) };
  if (id.endsWith(".css") || !closures.board.has(id)) return undefined;
  return closures.door.has(id) ? "base" : "board";
}
