import type { BoardDrag } from "./board-drag.svelte.ts";
import type * as mouseDragCode from "./mouse-drag.ts";

type MouseDrag = typeof mouseDragCode;

let code: MouseDrag | undefined;
let loading: Promise<void> | undefined;

/** No first paint needs a drag, so its code comes right after it; a load that failed is tried again by the next card. */
function load(): Promise<void> {
  loading ??= import("./mouse-drag.ts").then(
    (loaded) => void (code = loaded),
    () => void (loading = undefined),
  );
  return loading;
}

/** Starts at once or when the code has come, unless it was stopped before. Returns what stops it. */
function whenLoaded(start: (drag: MouseDrag) => () => void): () => void {
  if (code) return start(code);
  let stop: (() => void) | undefined;
  let isOver = false;
  void load().then(() => {
    if (code && !isOver) stop = start(code);
  });
  return () => {
    isOver = true;
    stop?.();
  };
}

/** Makes one card draggable with the mouse. */
export const draggableCard = (element: HTMLElement, contactId: string): (() => void) =>
  whenLoaded((loaded) => loaded.draggableCard(element, contactId));

/** Turns the browser's drag events on a board into points for its drag. */
export const mouseDrag = (element: HTMLElement, drag: BoardDrag): (() => void) =>
  whenLoaded((loaded) => loaded.mouseDrag(element, drag));
