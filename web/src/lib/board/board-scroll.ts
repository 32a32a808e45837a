import type { Gap } from "./board-drag.svelte.ts";
import { CARD_HEIGHT, cardTop } from "./card-geometry.ts";

const MARGIN_PX = 12;

type Places = { left: number; lists: Record<string, number> };

function listsOf(strip: ParentNode): HTMLElement[] {
  return [...strip.querySelectorAll<HTMLElement>("[data-list]")];
}

/** Remembers how far a board and its columns were scrolled, until it is shown again. */
export class ScrollPlaces {
  #waiting: Places | undefined;

  /** Takes effect now when the board is on the page, else as soon as it is. */
  remember(places: Places): void {
    this.#waiting = places;
    const strip = document.querySelector<HTMLElement>("[data-strip]");
    if (strip) this.restore(strip);
  }

  read(): Places {
    const strip = document.querySelector<HTMLElement>("[data-strip]");
    if (!strip) return this.#waiting ?? { left: 0, lists: {} };
    const lists = listsOf(strip).map((list) => [list.dataset.list ?? "", list.scrollTop] as const);
    return { left: strip.scrollLeft, lists: Object.fromEntries(lists) };
  }

  restore(strip: HTMLElement): void {
    if (!this.#waiting) return;
    const { left, lists } = this.#waiting;
    this.#waiting = undefined;
    strip.scrollLeft = left;
    for (const list of listsOf(strip)) list.scrollTop = lists[list.dataset.list ?? ""] ?? 0;
  }
}

/** Brings a card's place into view with as little movement as it takes. */
export function scrollToCard(strip: HTMLElement, { stageId, gap }: Gap): void {
  const list = strip.querySelector<HTMLElement>(`[data-list="${stageId}"]`);
  if (!list) return;
  const top = cardTop(gap) - MARGIN_PX;
  const bottom = cardTop(gap) + CARD_HEIGHT + MARGIN_PX;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  const column = list.getBoundingClientRect();
  const frame = strip.getBoundingClientRect();
  if (column.left < frame.left) strip.scrollLeft -= frame.left - column.left + MARGIN_PX;
  else if (column.right > frame.right) strip.scrollLeft += column.right - frame.right + MARGIN_PX;
}
