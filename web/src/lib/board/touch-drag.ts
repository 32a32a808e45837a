import type { BoardDrag } from "./board-drag.svelte.ts";

const LONG_PRESS_MS = 280;
/** A finger is never still; further than this it means to scroll. */
const SLOP_PX = 8;

/**
 * Lifts a card by a long press and lets it follow the finger. Not the browser's own drag and drop: on touch screens
 * it is missing or different everywhere (docs/decisions/007-dragging-by-touch.md).
 */
export function touchDrag(board: HTMLElement, drag: BoardDrag): () => void {
  let press: { contactId: string; rect: DOMRect; x: number; y: number; timer: number } | undefined;
  let lifted = false;

  function start(event: TouchEvent): void {
    end();
    const [finger] = event.touches;
    const card = (event.target as Element).closest<HTMLElement>("[data-card]");
    if (!finger || event.touches.length > 1 || !card?.dataset.card) return;
    const { clientX: x, clientY: y } = finger;
    // Until it is lifted others may move the list: what counts is where the card was when it was touched.
    const rect = card.getBoundingClientRect();
    press = { contactId: card.dataset.card, rect, x, y, timer: window.setTimeout(lift, LONG_PRESS_MS) };
    // On the element that was touched: it keeps getting the finger's moves even when its column lets go of it.
    const target = event.target as Element;
    const stop = new AbortController();
    const { signal } = stop;
    target.addEventListener("touchmove", (moved) => move(moved as TouchEvent), { passive: false, signal });
    for (const name of ["touchend", "touchcancel"]) {
      target.addEventListener(name, (ended) => (finish(ended as TouchEvent), stop.abort()), { signal });
    }
  }

  function lift(): void {
    if (!press) return;
    lifted = true;
    navigator.vibrate?.(8);
    drag.lift(press.contactId, "touch", press);
  }

  function move(event: TouchEvent): void {
    const [finger] = event.touches;
    if (!finger || !press) return;
    if (lifted) {
      // Keeps the page from scrolling under the card.
      event.preventDefault();
      drag.moveTo(finger.clientX, finger.clientY);
    } else if (Math.hypot(finger.clientX - press.x, finger.clientY - press.y) > SLOP_PX) end();
  }

  function finish(event: TouchEvent): void {
    if (lifted) {
      // Otherwise the browser makes a click of it, and the card opens.
      if (event.cancelable) event.preventDefault();
      if (event.type === "touchend") drag.drop();
      else drag.cancel();
    }
    end();
  }

  function end(): void {
    clearTimeout(press?.timer);
    press = undefined;
    lifted = false;
  }

  const noMenu = (event: Event) => (press || lifted) && event.preventDefault();
  board.addEventListener("touchstart", start, { passive: true });
  board.addEventListener("contextmenu", noMenu);
  return () => {
    end();
    board.removeEventListener("touchstart", start);
    board.removeEventListener("contextmenu", noMenu);
  };
}
