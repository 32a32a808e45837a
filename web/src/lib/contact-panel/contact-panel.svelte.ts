import { goto } from "$app/navigation";
import { resolve } from "$app/paths";
import { page } from "$app/state";
import { createContext } from "svelte";

const CONTACT_ROUTE = "/(app)/contacts/[contactId]";

/** Pages over which a contact opens in the panel, and what they are called. */
export const PANEL_PLACES: Readonly<Record<string, string>> = {
  "/(app)/pipeline/[pipelineId]": "pipeline",
  "/(app)/contacts": "contacts",
  "/(app)/follow-ups": "follow-ups",
  "/(app)/review": "review",
  "/(app)/pipeline/[pipelineId]/moves": "what moved",
};

/** The page below the panel: it knows who comes next, and takes the focus back. */
export type PanelSource = { order(contactId: string): readonly string[]; focus(contactId: string): void };

const addressOf = (contactId: string) => resolve("/(app)/contacts/[contactId]", { contactId });

/**
 * A contact over the page it was opened from. The address is the contact's own, so that it can be shared and
 * reloaded; the page below keeps its state, and Back closes the panel.
 */
export class ContactPanel {
  readonly openId: string | undefined = $derived(
    page.shallow?.route?.id === CONTACT_ROUTE
      ? (page.shallow.params as { contactId?: string }).contactId
      : undefined,
  );
  readonly place: string | undefined = $derived(PANEL_PLACES[page.route.id ?? ""]);
  /** Set while the address changes: who is quick can close what is still opening. */
  opening = $state.raw<Promise<void>>();
  #source: PanelSource | undefined;
  /** The contact that was opened last. */
  #wanted: string | undefined;

  /** @returns takes the source away again */
  serve(source: PanelSource): () => void {
    this.#source = source;
    return () => {
      if (this.#source === source) this.#source = undefined;
    };
  }

  open(contactId: string): void {
    if (contactId === this.openId) return;
    this.#wanted = contactId;
    // From contact to contact is one step of the history: Back closes the panel, however many were looked at.
    const going = goto(addressOf(contactId), { shallow: true, replace: this.openId !== undefined });
    const opening = going.finally(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    this.opening = opening;
  }

  step(by: 1 | -1): void {
    if (!this.openId) return;
    const order = this.#source?.order(this.openId) ?? [];
    const at = order.indexOf(this.openId);
    const next = at < 0 ? order[0] : order[at + by];
    if (next) this.open(next);
  }

  async close(): Promise<void> {
    // What is shown is in the history. Kit's word that it has settled may take longer, and Escape must not wait for it.
    const opening = this.openId === this.#wanted ? undefined : this.opening;
    this.opening = undefined;
    await opening;
    if (opening ?? this.openId) history.back();
  }

  /** The same contact as a page: in the place of the panel, so that Back leads to where it was opened. */
  openAsPage(): void {
    if (this.openId) void goto(addressOf(this.openId), { replace: true });
  }

  focusBelow(contactId: string): void {
    this.#source?.focus(contactId);
  }

  /** Plain clicks on links to contacts open the panel; with a modifier the browser does what it always does. */
  readonly catchLinks = (element: HTMLElement): (() => void) => {
    const click = (event: MouseEvent): void => {
      if (event.defaultPrevented || event.button !== 0 || !this.place) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
      const [, contactId] = /\/contacts\/([0-9a-f]{24})$/.exec(link?.pathname ?? "") ?? [];
      if (!contactId || link?.origin !== location.origin || link.pathname !== addressOf(contactId)) return;
      event.preventDefault();
      this.open(contactId);
    };
    element.addEventListener("click", click);
    return () => element.removeEventListener("click", click);
  };
}

export const [getContactPanel, setContactPanel] = createContext<ContactPanel>();
