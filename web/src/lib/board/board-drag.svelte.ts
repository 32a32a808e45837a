/* eslint-disable svelte/prefer-svelte-reactivity -- elements are looked up by pointer, nothing renders them */
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import { autoScroll } from "./auto-scroll.ts";
import { gapAt } from "./card-geometry.ts";

/** A gap between two cards of a stage, counted with the lifted card still in its old place. */
export type Gap = { stageId: string; gap: number };

export type Lifted = { contactId: string; by: "mouse" | "touch" | "keyboard"; from: Gap };

/** A gap that the keyboard has named stays what it was while others move cards: below this one, or the card's own. */
type Aim = Gap & { above?: string | undefined };

const ALONE: ReadonlySet<string> = new Set();

/** The change that puts a contact, and whoever moves along, into a gap; undefined when it already stands there. */
export function changeFor(
  list: readonly Contact[],
  { stageId, gap }: Gap,
  contact: Contact,
  along: ReadonlySet<string> = ALONE,
): ContactChange | undefined {
  const own = list.findIndex(({ id }) => id === contact.id);
  if (own >= 0 && (gap === own || gap === own + 1)) return undefined;
  const others = (contacts: readonly Contact[]) =>
    contacts.filter(({ id }) => id !== contact.id && !along.has(id));
  const after = others(list.slice(0, gap)).at(-1)?.id ?? null;
  const before = others(list.slice(gap))[0]?.id ?? null;
  const place = after === null && before === null ? {} : { after, before };
  return stageId === contact.stageId ? place : { stageId, ...place };
}

/** The gap for a position among the other cards, when the lifted one stands at `own` in the same list. */
export function gapOf(position: number, own: number): number {
  return position <= own ? position : position + 1;
}

/**
 * One card in the air, whatever lifted it: where it would fall, and the change that makes it so. Mouse and touch
 * name points, the keyboard names steps.
 */
export class BoardDrag {
  lifted = $state.raw<Lifted>();
  #aimed = $state.raw<Aim>();
  readonly target: Gap | undefined = $derived(this.#aimed && this.#gapNow(this.#aimed));
  /** Where the pointer is, for the card that follows it. */
  point = $state.raw<{ x: number; y: number }>();
  /** Where in the card it was taken, and how wide that card is. */
  grip = $state.raw({ x: 0, y: 0, width: 0 });
  /** Cards that go where the lifted one goes, itself among them. */
  along: ReadonlySet<string> = $state.raw(ALONE);
  readonly #board: Board;
  readonly #chosen: () => ReadonlySet<string>;
  readonly #ondrop: (contactId: string, change: ContactChange, by: Lifted["by"]) => void;
  readonly #lists = new Map<HTMLElement, string>();
  #strip: HTMLElement | undefined;
  #frame = 0;

  constructor(
    board: Board,
    chosen: () => ReadonlySet<string>,
    ondrop: (contactId: string, change: ContactChange, by: Lifted["by"]) => void,
  ) {
    this.#board = board;
    this.#chosen = chosen;
    this.#ondrop = ondrop;
  }

  /** A column's scrolling list. Returns what takes it back. */
  addList(element: HTMLElement, stageId: string): () => void {
    this.#lists.set(element, stageId);
    return () => this.#lists.delete(element);
  }

  /** What scrolls the columns sideways. */
  setStrip(element: HTMLElement): void {
    this.#strip = element;
  }

  lift(contactId: string, by: Lifted["by"], card?: { rect: DOMRect; x: number; y: number }): void {
    const contact = this.#board.contact(contactId);
    if (!contact) return;
    const own = this.list(contact.stageId).findIndex(({ id }) => id === contactId);
    const from = { stageId: contact.stageId, gap: Math.max(0, own) };
    this.lifted = { contactId, by, from };
    this.#aimed = card ? from : { ...from, above: contactId };
    this.along = this.#chosen().has(contactId) ? this.#chosen() : ALONE;
    if (!card) return;
    this.grip = { x: card.x - card.rect.left, y: card.y - card.rect.top, width: card.rect.width };
    this.point = { x: card.x, y: card.y };
    this.#frame = requestAnimationFrame(() => this.#follow());
  }

  moveTo(x: number, y: number): void {
    if (this.lifted) this.point = { x, y };
  }

  /** One step of the keyboard. */
  aim(target: Gap): void {
    if (!this.lifted) return;
    const list = this.list(target.stageId);
    const isOwn = list[target.gap]?.id === this.lifted.contactId;
    this.#aimed = { ...target, above: (isOwn ? list[target.gap] : list[target.gap - 1])?.id };
  }

  drop(): void {
    // Let go faster than a frame: where the pointer is counts, not where it was when last looked at.
    this.#aimAtPoint();
    const { lifted, target, along } = this;
    this.cancel();
    const contact = lifted && this.#board.contact(lifted.contactId);
    if (!contact || !target) return;
    const change = changeFor(this.list(target.stageId), target, contact, along);
    if (change) this.#ondrop(contact.id, change, lifted.by);
  }

  /** Nothing was changed while the card was in the air: letting go is all it takes. */
  cancel(): void {
    cancelAnimationFrame(this.#frame);
    this.lifted = undefined;
    this.#aimed = undefined;
    this.point = undefined;
    this.along = ALONE;
  }

  list(stageId: string): readonly Contact[] {
    return this.#board.columns.find((column) => column.stageId === stageId)?.contacts ?? [];
  }

  #gapNow(aim: Aim): Gap | undefined {
    const { stageId, gap, above } = aim;
    // The pointer looks again in every frame, and the top is the top whoever stands there.
    if (above === undefined) return aim;
    const isOwn = above === this.lifted?.contactId;
    const now = isOwn ? this.#board.contact(above)?.stageId : stageId;
    if (now === undefined) return undefined;
    const list = this.list(now);
    const at = list.findIndex(({ id }) => id === above);
    if (isOwn) return at < 0 ? undefined : { stageId: now, gap: at };
    return { stageId, gap: at < 0 ? Math.min(gap, list.length) : at + 1 };
  }

  /** Every frame, because lists scroll and others move cards while this one hangs still. */
  #follow(): void {
    const { point } = this;
    if (!this.lifted || !point) return;
    autoScroll(point, this.#strip, this.#listUnder(point.x)?.element);
    this.#aimAtPoint();
    this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #aimAtPoint(): void {
    const { point } = this;
    if (!this.lifted || !point) return;
    const under = this.#listUnder(point.x);
    const next = under && this.#gapUnder(under, point.y);
    if (next?.stageId !== this.target?.stageId || next?.gap !== this.target?.gap) this.#aimed = next;
  }

  #listUnder(x: number): { element: HTMLElement; stageId: string; rect: DOMRect } | undefined {
    let nearest: { element: HTMLElement; stageId: string; rect: DOMRect } | undefined;
    let distance = Infinity;
    for (const [element, stageId] of this.#lists) {
      const rect = element.getBoundingClientRect();
      const away = Math.max(rect.left - x, x - rect.right, 0);
      if (away < distance) [nearest, distance] = [{ element, stageId, rect }, away];
    }
    return nearest;
  }

  /** The card's own middle decides, not the finger: it may be held at its edge. */
  #gapUnder(under: { element: HTMLElement; stageId: string; rect: DOMRect }, y: number): Gap {
    const { stageId, element, rect } = under;
    const top = y - this.grip.y - rect.top + element.scrollTop;
    const list = this.list(stageId);
    const own = list.findIndex(({ id }) => id === this.lifted?.contactId);
    return { stageId, gap: own < 0 ? gapAt(top, list.length) : gapOf(gapAt(top, list.length - 1), own) };
  }
}
