import { KEY_MAP, type KeyAct, type KeyGroup } from "./key-map.ts";

const SIGN: Record<string, string> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  Enter: "↵",
  Escape: "Esc",
  PageDown: "Page ↓",
  PageUp: "Page ↑",
  " ": "Space",
};

const isMac = (): boolean => /Mac|iP(hone|ad)/.test(navigator.platform);

/** The keys of an act as they are written on a keyboard; a chord is several of them. */
export function keysOf(act: KeyAct): string[][] {
  const [, , ...keys] = KEY_MAP[act];
  return keys.map((key) => {
    const parts = key.startsWith("Mod+") ? [isMac() ? "⌘" : "Ctrl", key.slice(4)] : [key];
    return parts.map((part) => SIGN[part] ?? (part.length === 1 ? part.toUpperCase() : part));
  });
}

/** All keys in their groups, in the order of the map. */
export function keyGroups(): { group: KeyGroup; acts: KeyAct[] }[] {
  const groups = Map.groupBy(Object.keys(KEY_MAP) as KeyAct[], (act) => KEY_MAP[act][0]);
  return [...groups].map(([group, acts]) => ({ group, acts }));
}
