import { page } from "$app/state";
import { createContext, tick } from "svelte";

/** What the palette offers: everything, or the choices of one act on a contact. */
export type PalettePage = "all" | "status" | "move" | "assign" | "tags" | "followUp" | "park";

export type OpenPalette = { page: PalettePage; contactId: string | undefined };

const STANDS_FOR = "[data-card], [data-row], [data-follow-up]";

/** The contact that keys are about: the one that is open, else the card or row with the focus. */
export function contactInHand(): string | undefined {
  const open =
    (page.shallow?.params as { contactId?: string } | undefined)?.contactId ?? page.params.contactId;
  if (open) return open;
  const { card, row, followUp } = document.activeElement?.closest<HTMLElement>(STANDS_FOR)?.dataset ?? {};
  return card ?? row ?? followUp;
}

/** The palette and the list of keys: what is open, and where the focus goes back to. */
export class Commands {
  palette = $state.raw<OpenPalette>();
  helping = $state(false);
  #opener: HTMLElement | undefined;

  open(which: PalettePage, contactId: string | undefined): void {
    if (!this.palette) this.#opener = document.activeElement as HTMLElement;
    this.palette = { page: which, contactId };
  }

  /** The row that had the focus has it again, also when it was drawn anew meanwhile. */
  async close(): Promise<void> {
    const { contactId } = this.palette ?? {};
    this.palette = undefined;
    const opener = this.#opener;
    await tick();
    const again = `[data-card-link="${contactId}"], [data-row-link="${contactId}"], [data-follow-up-link="${contactId}"]`;
    (opener?.isConnected ? opener : document.querySelector<HTMLElement>(again))?.focus({
      preventScroll: true,
    });
  }
}

export const [getCommands, setCommands] = createContext<Commands>();
