/* eslint-disable svelte/prefer-svelte-reactivity -- timers, nothing renders them */
import { tick } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { EASE_CALM } from "#lib/ui/ease.ts";
import type { Move } from "#lib/state/board-news.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import { GLIDE_MS, Pace } from "./keep-place.svelte.ts";

/** More moves than this at once, or one upon the other, are not followed one by one by anybody. */
const MOST_FLIGHTS = 12;
/** Of very many only so many cards are looked for. */
const MOST_SHOWN = 200;
/** As long as the cards around it glide: landing and coming to rest are one frame then. */
const FLIGHT_MS = GLIDE_MS;
const FLASH_MS = 600;
/** How long one sees who moved a card, and how much longer at most when nothing else changes on the board. */
const MARK_MS = 1_900;
const MARK_SLACK_MS = 300;

function findCard(contactId: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-card="${contactId}"]`);
}

function isOnScreen({ left, right, top, bottom }: DOMRect): boolean {
  return right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
}

/** Shows how cards get from one column to another when it was not one's own hand that carried them. */
export class BoardMotion {
  /** Who moved a card a moment ago, and until when that is worth a word. */
  readonly #movers = new SvelteMap<string, string>();
  readonly #marked = new Map<string, number>();
  #unmarking: ReturnType<typeof setTimeout> | undefined;
  readonly #stopListening: () => void;
  readonly #me: string;
  readonly #pace = new Pace();
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
    clearTimeout(this.#unmarking);
  }

  #show(moves: readonly Move[]): void {
    const now = performance.now();
    this.#unmark(now);
    const seen = moves.filter(({ contactId }) => contactId !== this.#dropped);
    const still = document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const busy = !this.#pace.note(now) && seen.every(({ by }) => by === "someone");
    const many = seen.length > MOST_FLIGHTS;
    if (busy || !many) this.#mark(seen.slice(0, MOST_SHOWN), now + MARK_MS);
    // Where one follows the other, the name of who moved it is enough.
    if (busy || still) return;
    // Measured now, before the page follows the state.
    const starts = many ? [] : seen.map(({ contactId }) => findCard(contactId)?.getBoundingClientRect());
    void tick().then(() => {
      seen.slice(0, MOST_SHOWN).forEach(({ contactId }, index) => {
        const card = findCard(contactId);
        if (!card || !isOnScreen(card.getBoundingClientRect())) return;
        const start = starts[index];
        if (start && isOnScreen(start)) fly(card, start);
        // A name comes with a ring of its own.
        else if (!this.#movers.has(contactId)) flash(card);
      });
    });
  }

  /** At once, so that name and move are one change of the page. */
  #mark(moves: readonly Move[], until: number): void {
    for (const { contactId, actor, by } of moves) {
      if (by !== "someone" || !actor || actor.id === this.#me) continue;
      this.#movers.set(contactId, actor.name);
      // Behind those that were marked before it.
      this.#marked.delete(contactId);
      this.#marked.set(contactId, until);
    }
    this.#unmarkLater();
  }

  /** Names go together with the next change; by themselves they would cost a frame of their own. */
  #unmark(now: number): void {
    for (const [contactId, until] of this.#marked) {
      if (until > now) continue;
      this.#marked.delete(contactId);
      this.#movers.delete(contactId);
    }
  }

  #unmarkLater(): void {
    const [first] = this.#marked.values();
    if (first === undefined || this.#unmarking !== undefined) return;
    const again = (): void => {
      this.#unmarking = undefined;
      this.#unmark(performance.now());
      this.#unmarkLater();
    };
    this.#unmarking = setTimeout(again, first + MARK_SLACK_MS - performance.now());
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
