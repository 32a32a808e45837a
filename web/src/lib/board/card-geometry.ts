/** Cards are all of one height: a place is a division, and nothing moves while pictures and texts arrive. */
export const CARD_HEIGHT = 108;
export const CARD_GAP = 8;
export const CARD_PITCH = CARD_HEIGHT + CARD_GAP;
/** Room above the first card and below the last. */
export const LIST_PADDING = 4;
/** What stands above the strip, at least. */
export const BOARD_HEADER = 48;
/** Columns are no narrower on any screen where two can be seen; and what stands beside them on a wide one. */
const LEAST_COLUMN = 280;
const SIDEBAR = 208;
const WITH_SIDEBAR = 1024;

/** Whether some of this column can be seen when the strip stands at its beginning. */
export function isInFirstView(place: number, innerWidth: number): boolean {
  return place * LEAST_COLUMN < (innerWidth < WITH_SIDEBAR ? innerWidth : innerWidth - SIDEBAR);
}

/** What a column's head and the padding of the strip take from the strip's height, at least. */
export const AROUND_LIST = 56;

/** Which gap between cards a point is nearest to: 0 is above the first card. */
export function gapAt(y: number, count: number): number {
  return Math.max(0, Math.min(count, Math.round((y - LIST_PADDING) / CARD_PITCH)));
}

export function cardTop(index: number): number {
  return LIST_PADDING + index * CARD_PITCH;
}

/** Where the line is drawn that shows a gap. */
export function gapTop(gap: number): number {
  return gap === 0 ? LIST_PADDING / 2 : cardTop(gap) - CARD_GAP / 2;
}

export function listHeight(count: number): number {
  return count === 0 ? 0 : LIST_PADDING * 2 + count * CARD_PITCH - CARD_GAP;
}
