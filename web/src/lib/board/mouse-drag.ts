import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import {
  draggable,
  dropTargetForElements,
  monitorForElements,
} from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { disableNativeDragPreview } from "@atlaskit/pragmatic-drag-and-drop/element/disable-native-drag-preview";
import { preventUnhandled } from "@atlaskit/pragmatic-drag-and-drop/prevent-unhandled";
import type { BoardDrag } from "./board-drag.svelte.ts";

// A long press must not start the browser's own drag: touch has its own way (touch-drag.ts).
let pointer = "mouse";

/** Makes one card draggable with the mouse. */
export function draggableCard(element: HTMLElement, contactId: string): () => void {
  const notePointer = (event: PointerEvent) => (pointer = event.pointerType);
  element.addEventListener("pointerdown", notePointer, true);
  const stop = draggable({
    element,
    canDrag: () => pointer === "mouse" || pointer === "pen",
    getInitialData: () => ({ contactId }),
    // The card that follows the pointer is drawn by the board, the same for mouse and touch.
    onGenerateDragPreview: ({ nativeSetDragImage }) => disableNativeDragPreview({ nativeSetDragImage }),
  });
  return () => {
    element.removeEventListener("pointerdown", notePointer, true);
    stop();
  };
}

/** Turns the browser's drag events on a board into points for its drag. */
export function mouseDrag(board: HTMLElement, drag: BoardDrag): () => void {
  return combine(
    dropTargetForElements({ element: board }),
    monitorForElements({
      canMonitor: ({ source }) => typeof source.data.contactId === "string",
      onDragStart: ({ source, location }) => {
        preventUnhandled.start();
        const { clientX: x, clientY: y } = location.initial.input;
        const rect = source.element.getBoundingClientRect();
        drag.lift(source.data.contactId as string, "mouse", { rect, x, y });
      },
      onDrag: ({ location }) => drag.moveTo(location.current.input.clientX, location.current.input.clientY),
      onDrop: ({ location }) => {
        preventUnhandled.stop();
        // Let go beside the board, or Escape: nothing happened.
        if (location.current.dropTargets.length === 0) return drag.cancel();
        drag.moveTo(location.current.input.clientX, location.current.input.clientY);
        drag.drop();
      },
    }),
  );
}
