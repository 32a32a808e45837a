import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import {
  draggable,
  dropTargetForElements,
  monitorForElements,
} from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { disableNativeDragPreview } from "@atlaskit/pragmatic-drag-and-drop/element/disable-native-drag-preview";
import { preventUnhandled } from "@atlaskit/pragmatic-drag-and-drop/prevent-unhandled";
import type { BoardDrag } from "./board-drag.svelte.ts";

type Press = { contactId: string; pointer: string; rect: DOMRect; x: number; y: number };

// The card under the pointer when the button went down. Until the browser calls it a drag, others may have moved the
// list: then it names another card, or the same one elsewhere.
let pressed: Press | undefined;

/** Makes one card draggable with the mouse. */
export function draggableCard(element: HTMLElement, contactId: string): () => void {
  const notePress = ({ pointerType: pointer, clientX: x, clientY: y }: PointerEvent) =>
    (pressed = { contactId, pointer, rect: element.getBoundingClientRect(), x, y });
  element.addEventListener("pointerdown", notePress, true);
  const stop = draggable({
    element,
    // A long press must not start the browser's own drag: touch has its own way (touch-drag.ts).
    canDrag: () => pressed?.pointer !== "touch",
    getInitialData: () => ({ contactId: pressed?.contactId ?? contactId }),
    // The card that follows the pointer is drawn by the board, the same for mouse and touch.
    onGenerateDragPreview: ({ nativeSetDragImage }) => disableNativeDragPreview({ nativeSetDragImage }),
  });
  return () => {
    element.removeEventListener("pointerdown", notePress, true);
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
        const press = pressed ?? { rect: source.element.getBoundingClientRect(), x, y };
        drag.lift(source.data.contactId as string, "mouse", press);
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
