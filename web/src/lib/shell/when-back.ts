import { untrack } from "svelte";
import type { Attachment } from "svelte/attachments";
import type { LiveState } from "#lib/state/live-state.svelte.ts";

type Shown = { readonly live: Pick<LiveState, "status"> };

/**
 * Stands on what says that something did not load: asks again by itself when the connection has come back. Only a
 * return counts, so what fails on a living connection is not asked for without end. Made once by its component: it
 * remembers that the connection was away.
 */
export function whenBack(shown: () => Shown | undefined, retry: () => void): Attachment {
  let wasAway = false;
  return () => {
    const board = shown();
    const isLive = board?.live.status === "live";
    if (isLive && wasAway) untrack(retry);
    wasAway = board !== undefined && !isLive;
  };
}
