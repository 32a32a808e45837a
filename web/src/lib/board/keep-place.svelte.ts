import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { placeInOrder } from "@dmtracker/shared/pipeline/ranks.ts";
import { tick, untrack } from "svelte";
import type { Attachment } from "svelte/attachments";
import { EASE_CALM } from "#lib/ui/ease.ts";
import { CARD_PITCH } from "./card-geometry.ts";

export const GLIDE_MS = 160;
/** From the beginning of a change until nobody is following it any more. */
const CALM_MS = 200;
/** A board that was busy is calm after this rest: a glide now and then among many moves helps nobody. */
const REST_MS = 600;
/** More cards than this at once do not come by themselves: another filter, another page. */
const MOST_AT_TOP = 3;
/** A move changes two columns, in one go. */
const ONE_GO_MS = 16;
/** How many cards are looked at for one that stayed where it was. */
const TRIES = 20;

/** Where change follows change on a board nobody can follow a glide, and every gliding card is a layer of its own. */
export class Pace {
  #changedAt = -Infinity;
  #isCalm = true;

  /** Notes a change. @returns whether the one before it is long enough ago */
  note(now = performance.now()): boolean {
    const since = now - this.#changedAt;
    if (since < ONE_GO_MS) return this.#isCalm;
    this.#changedAt = now;
    this.#isCalm = since > (this.#isCalm ? CALM_MS : REST_MS);
    return this.#isCalm;
  }
}

type Surroundings = {
  /** As the last scroll event told: asking the element would make the browser lay out the page for every event. */
  scrolledTo: () => number;
  pace: Pace;
  /** Whether a hand has just put this card where it is: the others make room, it does not come along. */
  stands: (contactId: string | undefined) => boolean;
};

/**
 * Keeps what someone reads under their eyes: when others move cards above it, the list scrolls along. At the top
 * the list stays at the top, and the cards glide to make room.
 */
export function keepPlace(
  contacts: () => readonly Contact[],
  { scrolledTo, pace, stands }: Surroundings,
): Attachment<HTMLElement> {
  return (element) => {
    let before = contacts();
    $effect.pre(() => {
      const now = contacts();
      const scrollTop = untrack(scrolledTo);
      const shift = scrollTop > CARD_PITCH / 2 ? shiftOf(before, now, scrollTop) : undefined;
      const glides = pace.note() && !shift;
      const together = glides && !stands(now[0]?.id) ? shiftAtTop(before, now) : 0;
      before = now;
      // Stays until a change that must not glide: taking it away would cost every card a look at its style.
      if (glides && !together) element.dataset.glide = "";
      else delete element.dataset.glide;
      if (together) void tick().then(() => glideAsOne(element, together));
      if (!shift) return;
      const wanted = scrollTop + shift * CARD_PITCH;
      // After the list has its new height, before anything is painted.
      queueMicrotask(() => (element.scrollTop = wanted));
    });
  };
}

/** By how many places all cards moved, when a few came or went at the top and nowhere else; 0 when not. */
export function shiftAtTop(before: readonly Contact[], now: readonly Contact[]): number {
  const shift = now.length - before.length;
  const [longer, shorter] = shift > 0 ? [now, before] : [before, now];
  const meets =
    shorter.length > 0 &&
    longer[Math.abs(shift)]?.id === shorter[0]?.id &&
    longer.at(-1)?.id === shorter.at(-1)?.id;
  return meets && Math.abs(shift) <= MOST_AT_TOP ? shift : 0;
}

/** One layer for all cards, where each of them would be one. */
function glideAsOne(element: HTMLElement, shift: number): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  // With its end left open it would depend on the glide before it, and every frame would need the page's main thread.
  const glide = [{ transform: `translateY(${-shift * CARD_PITCH}px)` }, { transform: "none" }];
  element.querySelector("ul")?.animate(glide, { duration: GLIDE_MS, easing: EASE_CALM });
}

/** By how many places the first visible card that stayed put has been pushed. */
export function shiftOf(
  before: readonly Contact[],
  now: readonly Contact[],
  scrollTop: number,
): number | undefined {
  const first = Math.floor(scrollTop / CARD_PITCH);
  for (let index = first; index < first + TRIES; index++) {
    const contact = before[index];
    if (!contact) return undefined;
    const next = placeInOrder(now, contact);
    const found = now[next];
    if (found?.id === contact.id && found.rank === contact.rank) return next - index;
  }
  return undefined;
}
