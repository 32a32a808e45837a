import { createContext, type Component, type Snippet } from "svelte";

export type MenuItemProps = {
  onselect: () => void;
  children: Snippet;
  /** Set for entries of which one holds: the one that does is ticked. */
  checked?: boolean;
  /** Any number of entries may hold: choosing one leaves the menu open. */
  multiple?: boolean;
  disabled?: boolean;
  danger?: boolean;
};

export type DialogProps = {
  open: boolean;
  title: string;
  description?: string;
  children: Snippet;
  /** Called however it was closed: Escape, a click beside it, a button. */
  onclose?: () => void;
  size?: "small" | "medium" | "large";
};

// What floats (menus, dialogs) is a third of the script and shown by nobody's first paint. It comes right after.
export const loadMenuPanel = () => import("./MenuPanel.svelte");
export const loadDialogPanel = () => import("./DialogPanel.svelte");

/** Fetches what floats while nobody waits for it, so that it is there at the first click and without a network. */
export function preloadFloating(): void {
  whenIdle(() => void Promise.allSettled([loadMenuPanel(), loadDialogPanel()]));
}

/** A browser that waits for the first answers is idle, too: what nobody waits for must not come before them. */
const FIRST_CONTENT_MS = 1_000;

/** Runs when there is nothing better to do; not in the first second of a page, unless it is told so. */
export function whenIdle(run: () => void, notBefore = FIRST_CONTENT_MS): void {
  const whenNothingElse = (): void => {
    if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: 3_000 });
    else run();
  };
  setTimeout(whenNothingElse, Math.max(0, notBefore - performance.now()));
}

/** The parts that stand inside an open menu come with it. */
export type MenuParts = { Item: Component<MenuItemProps>; Separator: Component };
export const [getMenuParts, setMenuParts] = createContext<MenuParts>();
