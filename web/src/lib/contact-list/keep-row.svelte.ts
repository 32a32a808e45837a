import { untrack } from "svelte";
import type { Attachment } from "svelte/attachments";
import type { ListRow } from "#lib/state/list-rows.ts";

/** How many rows are looked at for one that is still there. */
const TRIES = 20;

/**
 * Keeps what someone reads under their eyes: when rows come or go above it, the list scrolls along. At the top the
 * list stays at the top.
 */
export function keepRow(
  rows: () => readonly ListRow[],
  scrolledTo: () => number,
  rowHeight: () => number,
): Attachment<HTMLElement> {
  return (element) => {
    let before = rows();
    $effect.pre(() => {
      const now = rows();
      const [scrollTop, height] = untrack(() => [scrolledTo(), rowHeight()] as const);
      const shift = scrollTop > height / 2 ? shiftOf(before, now, Math.floor(scrollTop / height)) : 0;
      before = now;
      if (shift === 0) return;
      const wanted = scrollTop + shift * height;
      // After the list has its new height, before anything is painted.
      queueMicrotask(() => (element.scrollTop = wanted));
    });
  };
}

/** By how many places the first visible row that is still there has been pushed. */
function shiftOf(before: readonly ListRow[], now: readonly ListRow[], first: number): number {
  for (let index = first; index < Math.min(first + TRIES, before.length); index++) {
    const row = before[index];
    const next = now.findIndex(({ contact }) => contact.id === row?.contact.id);
    // A row that has changed itself may have gone elsewhere on its own account.
    if (next >= 0 && now[next] === row) return next - index;
  }
  return 0;
}
