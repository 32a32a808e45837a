import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";

export type KeyGroup =
  "Anywhere" | "Walk" | "Contact" | "Contacts" | "Pipeline" | "Follow-Ups" | "Review" | "Open contact";

/**
 * Every key of the product, once: what handlers answer, the help lists and the palette hints at. A row is a group,
 * what it does, and its keys as `event.key` names them; `Mod` is Ctrl, or Cmd on a Mac.
 */
export const KEY_MAP = {
  palette: ["Anywhere", "Find anything, do anything", "Mod+k"],
  search: ["Anywhere", "Search contacts", "/"],
  filter: ["Anywhere", "Filter", "f"],
  views: ["Anywhere", "Saved views", "v"],
  undo: ["Anywhere", "Undo your last change", "Mod+z"],
  help: ["Anywhere", "All keys", "?"],
  close: ["Anywhere", "Close, go back", "Escape"],
  next: ["Walk", "Next", "j", "ArrowDown"],
  previous: ["Walk", "Previous", "k", "ArrowUp"],
  right: ["Walk", "Column to the right", "ArrowRight"],
  left: ["Walk", "Column to the left", "ArrowLeft"],
  first: ["Walk", "First", "Home"],
  last: ["Walk", "Last", "End"],
  pageDown: ["Walk", "A page down", "PageDown"],
  pageUp: ["Walk", "A page up", "PageUp"],
  open: ["Contact", "Open", "Enter"],
  open_status: ["Contact", "Open", "1"],
  won_status: ["Contact", "Won", "2"],
  lost_status: ["Contact", "Lost", "3"],
  abandoned_status: ["Contact", "Abandoned", "4"],
  status: ["Contact", "Lead Status menu", "s"],
  move: ["Contact", "Move to a stage", "m"],
  assign: ["Contact", "Assign", "a"],
  tags: ["Contact", "Tags", "t"],
  followUp: ["Contact", "Schedule a follow-up", "d"],
  park: ["Contact", "Park until a day", "p"],
  select: ["Contacts", "Select", "x", " "],
  selectAll: ["Contacts", "Select all that are loaded", "Mod+a"],
  choose: ["Pipeline", "Select a card", "x"],
  lift: ["Pipeline", "Lift a card, drop it", " "],
  complete: ["Follow-Ups", "Complete", "c"],
  snooze: ["Follow-Ups", "Snooze", "z"],
  reengage: ["Review", "Re-engage: due now, cadence anew", "e"],
  write: ["Open contact", "Write a note", "n"],
  logSent: ["Open contact", "Log what you sent", "o"],
  logReply: ["Open contact", "Log a reply", "r"],
} as const satisfies Record<string, readonly [KeyGroup, string, string, ...string[]]>;

export type KeyAct = keyof typeof KEY_MAP;

/** The four statuses by their number. */
export const STATUS_OF: Partial<Record<KeyAct, LeadStatus>> = {
  open_status: "open",
  won_status: "won",
  lost_status: "lost",
  abandoned_status: "abandoned",
};

type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

const isLetter = (key: string) => /^[a-z]$/i.test(key);

function isPressed(
  wanted: string,
  { key, shiftKey, ctrlKey, metaKey, altKey }: Pressed,
  walks: boolean,
): boolean {
  const [name, mod] = wanted.startsWith("Mod+") ? [wanted.slice(4), true] : [wanted, false];
  if (altKey || (ctrlKey || metaKey) !== mod) return false;
  // Shift goes with walking (it selects a range); any other letter with Shift is somebody else's.
  if (isLetter(key)) return key.toLowerCase() === name && (!shiftKey || walks);
  return key === name;
}

/** The act that a key means among the acts of these groups; the first group wins. */
export function actOf(event: Pressed, ...groups: readonly KeyGroup[]): KeyAct | undefined {
  for (const group of groups)
    for (const [act, [of, , ...keys]] of Object.entries(KEY_MAP))
      if (of === group && keys.some((key) => isPressed(key, event, of === "Walk"))) return act as KeyAct;
  return undefined;
}

/** Somebody types, or chooses in a menu or dialog: letters are letters there. */
export function isTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing) return true;
  const taken =
    'input:not([type="checkbox"]), textarea, select, [contenteditable="true"], [role="menu"], [role="dialog"]';
  return event.target instanceof Element && event.target.closest(taken) !== null;
}
