import { tick } from "svelte";

export type CardMenuKind = "status" | "stage";

/**
 * The menus of all cards of a board: many buttons, of which one at a time has its menu open. A card costs nothing for
 * a menu that nobody opens.
 */
export class CardMenuState {
  /** The card whose menu is or was open last. */
  contactId = $state<string>();
  kind = $state<CardMenuKind>("status");
  /** The button that it hangs on. */
  anchor = $state.raw<HTMLElement | null>(null);
  open = $state(false);
  byPointer = $state(false);

  isOpen(kind: CardMenuKind, contactId: string): boolean {
    return this.open && this.contactId === contactId && this.kind === kind;
  }

  /** The button was clicked. It stands on a card that is itself clickable: the click goes no further. */
  toggle(event: MouseEvent, kind: CardMenuKind, contactId: string): void {
    event.stopPropagation();
    if (this.isOpen(kind, contactId)) this.open = false;
    else this.#hang(event.currentTarget as HTMLElement, kind, contactId, event.detail > 0);
  }

  /** An arrow on the button opens as well; and what opens a menu must not open the card. */
  press(event: KeyboardEvent, kind: CardMenuKind, contactId: string): void {
    if (event.key === "Enter" || event.key === " ") event.stopPropagation();
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    event.stopPropagation();
    this.#hang(event.currentTarget as HTMLElement, kind, contactId, false);
  }

  /** By a key on the card. */
  async show(kind: CardMenuKind, contactId: string): Promise<void> {
    await tick();
    const anchor = document.querySelector<HTMLElement>(
      `[data-card="${contactId}"] [data-card-menu="${kind}"]`,
    );
    if (anchor) this.#hang(anchor, kind, contactId, false);
  }

  #hang(anchor: HTMLElement, kind: CardMenuKind, contactId: string, byPointer: boolean): void {
    Object.assign(this, { anchor, kind, contactId, byPointer, open: true });
  }
}
