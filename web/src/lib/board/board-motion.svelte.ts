/* eslint-disable svelte/prefer-svelte-reactivity -- timers, nothing renders them */
import { tick } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { EASE_CALM } from "#lib/ui/ease.ts";
import type { Move } from "#lib/state/board-news.ts";
import type { Board } from "#lib/state/board.svelte.ts";

/** More moves than this at once, or one upon the other, are not followed one by one by anybody. */
const MOST_FLIGHTS = 12;
const FLIGHT_MS = 170;
const FLASH_MS = 600;
const MARK_MS = 2_000;

function findCard(contactId: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-card="${contactId}"]`);
}

function isOnScreen({ left, right, top, bottom }: DOMRect): boolean {
  return right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
}

/** Shows how cards get from one column to another when it was not one's own hand that carried them. */
export class BoardMotion {
  /** Who moved a card a moment ago. */
  readonly #movers = new SvelteMap<string, string>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #stopListening: () => void;
  readonly #me: string;
  #flewAt = -Infinity;
  /** The card that the person's own hand has just dropped: it is where it should be. */
  #dropped: string | undefined;

  constructor(board: Board) {
    this.#me = board.me.id;
    this.#stopListening = board.onMoved((moves) => this.#show(moves));
  }

  moverOf(contactId: string): string | undefined {
    return this.#movers.get(contactId);
  }

  /** Runs a change that needs no flight: the card stands where it should be. */
  without(contactId: string, change: () => void): void {
    this.#dropped = contactId;
    change();
    void tick().then(() => {
      if (this.#dropped === contactId) this.#dropped = undefined;
    });
  }

  stands(contactId: string): boolean {
    return this.#dropped === contactId;
  }

  stop(): void {
    this.#stopListening();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #show(moves: readonly Move[]): void {
    const seen = moves.filter(({ contactId }) => contactId !== this.#dropped);
    const still = document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const busy = performance.now() - this.#flewAt < FLIGHT_MS && seen.every(({ by }) => by === "someone");
    const folded = busy || seen.length > MOST_FLIGHTS;
    this.#flewAt = performance.now();
    // Measured now, before the page follows the state.
    const starts =
      folded || still ? [] : seen.map(({ contactId }) => findCard(contactId)?.getBoundingClientRect());
    void tick().then(() => {
      seen.slice(0, folded ? 200 : undefined).forEach(({ contactId, actor, by }, index) => {
        const card = findCard(contactId);
        if (!card || !isOnScreen(card.getBoundingClientRect())) return;
        if (by === "someone" && actor && actor.id !== this.#me && (busy || !folded))
          this.#mark(contactId, actor.name);
        if (still) return;
        const start = starts[index];
        if (start && isOnScreen(start)) fly(card, start);
        // Where one follows the other, the name of who moved it is enough.
        else if (!busy) flash(card);
      });
    });
  }

  #mark(contactId: string, name: string): void {
    this.#movers.set(contactId, name);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#movers.delete(contactId);
    }, MARK_MS);
    this.#timers.add(timer);
  }
}

/** A copy flies above everything, because columns would cut the card off at their edges. */
function fly(card: HTMLElement, start: DOMRect): void {
  const end = card.getBoundingClientRect();
  const [dx, dy] = [start.left - end.left, start.top - end.top];
  // In its own column the card glides in its list.
  if (Math.abs(dx) < 8) return;
  const copy = card.cloneNode(true) as HTMLElement;
  copy.removeAttribute("data-card");
  copy.inert = true;
  copy.ariaHidden = "true";
  Object.assign(copy.style, {
    position: "fixed",
    inset: "auto",
    left: `${end.left}px`,
    top: `${end.top}px`,
    width: `${end.width}px`,
    height: `${end.height}px`,
    zIndex: "40",
    pointerEvents: "none",
    boxShadow: "var(--shadow-pop)",
  });
  document.body.append(copy);
  // Not hidden, only unseen: a hidden card would lose the focus.
  card.style.opacity = "0";
  const land = () => {
    copy.remove();
    card.style.opacity = "";
  };
  const flight = copy.animate([{ transform: `translate(${dx}px, ${dy}px)` }, { transform: "none" }], {
    duration: FLIGHT_MS,
    easing: EASE_CALM,
  });
  flight.onfinish = land;
  flight.oncancel = land;
}

/** A ring that fades. Opacity needs nothing of the page's main thread; a colour is painted anew for every frame. */
function flash(card: HTMLElement): void {
  const ring = document.createElement("span");
  ring.className = "pointer-events-none absolute -inset-px rounded-lg border-2 border-accent opacity-0";
  card.append(ring);
  const fading = ring.animate([{ opacity: 1 }, { opacity: 0 }], { duration: FLASH_MS, easing: "ease-out" });
  fading.onfinish = fading.oncancel = () => ring.remove();
}
