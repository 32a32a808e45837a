import { expect, test } from "vitest";
import { actOf, KEY_MAP, type KeyAct, type KeyGroup } from "../../web/src/lib/keys/key-map.ts";

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});

const GROUPS = [...new Set(Object.values(KEY_MAP).map(([group]) => group))];

test("[KB1] every key of the map means its act, and nothing else in its group", () => {
  const rows = Object.entries(KEY_MAP) as [KeyAct, readonly [KeyGroup, string, ...string[]]][];
  for (const [act, [group, , ...keys]] of rows) {
    for (const key of keys) {
      const event = key.startsWith("Mod+") ? press(key.slice(4), { ctrlKey: true }) : press(key);
      expect(actOf(event, group), `${group}: ${key}`).toBe(act);
      expect(actOf({ ...event, altKey: true }, ...GROUPS), `Alt and ${key}`).toBeUndefined();
    }
  }
});

test("[KB1] groups that hold on one page at the same time do not share a key", () => {
  const together: KeyGroup[][] = [
    ["Anywhere", "Walk", "Contact", "Contacts"],
    ["Anywhere", "Walk", "Contact", "Pipeline"],
    ["Anywhere", "Walk", "Contact", "Follow-Ups"],
    ["Anywhere", "Walk", "Contact", "Contacts", "Review"],
    ["Anywhere", "Walk", "Contact", "Open contact"],
  ];
  for (const groups of together) {
    const keys = Object.values(KEY_MAP)
      .filter(([group]) => groups.includes(group))
      .flatMap(([, , ...all]) => all as string[]);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  }
});

test("[KB2] the browser's own keys stay the browser's, with Ctrl, Cmd and Alt", () => {
  for (const key of ["f", "a", "s", "t", "d", "m", "1", "ArrowDown", "/"]) {
    expect(actOf(press(key, { ctrlKey: true }), "Anywhere", "Walk", "Contact"), key).toBeUndefined();
    expect(actOf(press(key, { metaKey: true }), "Anywhere", "Walk", "Contact"), key).toBeUndefined();
  }
  expect(actOf(press("k"), "Anywhere")).toBeUndefined();
  expect(actOf(press("k", { metaKey: true }), "Anywhere")).toBe("palette");
});

test("[KB2] Shift goes with walking, and with signs that need it; another letter with Shift is nobody's", () => {
  expect(actOf(press("J", { shiftKey: true }), "Walk")).toBe("next");
  expect(actOf(press("?", { shiftKey: true }), "Anywhere")).toBe("help");
  expect(actOf(press("M", { shiftKey: true }), "Contact")).toBeUndefined();
  // Caps Lock is not Shift.
  expect(actOf(press("M"), "Contact")).toBe("move");
});
