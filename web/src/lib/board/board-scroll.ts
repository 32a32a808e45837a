import type { Gap } from "./board-drag.svelte.ts";
import { CARD_HEIGHT, cardTop } from "./card-geometry.ts";

const MARGIN_PX = 12;

type Places = { left: number; lists: Record<string, number> };

function listsOf(strip: ParentNode): HTMLElement[] {
  return [...strip.querySelectorAll<HTMLElement>("[data-list]")];
}

/**
 * Remembers how far a board and its columns were scrolled, until it is shown again. Scroll events tell it: to ask the
 * elements when the page is left would make the browser lay out once more what nobody will see.
 */
export class ScrollPlaces {
  #strip: HTMLElement | undefined;
  /** As the strip stands, or stood when it went. */
  #shown: Places = { left: 0, lists: {} };
  #wanted: Places | undefined;

  /** Takes effect now when the board is on the page, else as soon as it is. */
  remember(places: Places): void {
    this.#wanted = places;
    this.#restore();
  }

  read(): Places {
    return this.#wanted ?? this.#shown;
  }

  /** A new strip, which stands at its beginning. Returns what lets go of it. */
  follow(strip: HTMLElement): () => void {
    const note = ({ target }: Event): void => this.#note(target as HTMLElement);
    this.#strip = strip;
    this.#shown = { left: 0, lists: {} };
    this.#restore();
    strip.addEventListener("scroll", note, { capture: true, passive: true });
    return () => {
      strip.removeEventListener("scroll", note, true);
      this.#strip = undefined;
    };
  }

  #note(element: HTMLElement): void {
    const { list } = element.dataset;
    if (element === this.#strip) this.#shown.left = element.scrollLeft;
    else if (list !== undefined) this.#shown.lists[list] = element.scrollTop;
  }

  #restore(): void {
    if (!this.#strip || !this.#wanted) return;
    const { left, lists } = this.#wanted;
    this.#wanted = undefined;
    // Only what stands elsewhere: to say it to all would make the browser lay out the page at once.
    if (left !== this.#shown.left) this.#strip.scrollLeft = left;
    for (const list of listsOf(this.#strip)) {
      const { list: stageId = "" } = list.dataset;
      const top = lists[stageId] ?? 0;
      if (top !== (this.#shown.lists[stageId] ?? 0)) list.scrollTop = top;
    }
    this.#shown = { left, lists: { ...lists } };
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
