import { tick } from "svelte";

const FLOATING = '[role="menu"], [role="dialog"]';

/** A bar goes when its work is done: the focus that was in it goes back to where it had come from. */
export function giveFocusBack(bar: HTMLElement): () => void {
  let cameFrom: HTMLElement | undefined;
  function note({ relatedTarget: from }: FocusEvent): void {
    if (from instanceof HTMLElement && !bar.contains(from) && !from.closest(FLOATING)) cameFrom = from;
  }
  bar.addEventListener("focusin", note);
  return () => {
    void tick().then(() => {
      const isLost = document.activeElement === document.body || document.activeElement === null;
      if (isLost && cameFrom?.isConnected) cameFrom.focus({ preventScroll: true });
    });
  };
}
