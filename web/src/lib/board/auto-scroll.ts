const EDGE_PX = 56;
const MAX_STEP_PX = 18;

/** How far to scroll in this frame: more, the nearer the pointer is to the edge. */
export function scrollStep(at: number, start: number, end: number): number {
  const fromStart = at - start;
  const fromEnd = end - at;
  if (fromStart < EDGE_PX) return -MAX_STEP_PX * Math.min(1, 1 - fromStart / EDGE_PX) ** 2;
  if (fromEnd < EDGE_PX) return MAX_STEP_PX * Math.min(1, 1 - fromEnd / EDGE_PX) ** 2;
  return 0;
}

/** Scrolls the board sideways and the column under the pointer up and down while a card is near their edges. */
export function autoScroll(
  point: { x: number; y: number },
  strip: HTMLElement | undefined,
  list: HTMLElement | undefined,
): void {
  if (strip) {
    const { left, right } = strip.getBoundingClientRect();
    strip.scrollLeft += Math.round(scrollStep(point.x, left, right));
  }
  if (list) {
    const { top, bottom } = list.getBoundingClientRect();
    list.scrollTop += Math.round(scrollStep(point.y, top, bottom));
  }
}
