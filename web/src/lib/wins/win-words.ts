import type { Win } from "@dmtracker/shared/contracts/wins.ts";

/** Who did it, as it stands on the screen: a person's name, or the way it came. */
export function whoOf({ by, rule }: Win): string {
  if (by.type === "user") return by.name;
  if (by.type === "api") return `via API: ${by.name}`;
  return rule === null ? by.name : "An automation";
}

/** Whose face stands beside it: who did it, else whose win it is. */
export const faceOf = ({ by, creditedTo }: Win): string =>
  by.type === "user" ? by.name : (creditedTo ?? by.name);

export const contactOf = ({ username }: Win): string => (username === "" ? "a contact" : `@${username}`);

/** "Jade Okoye won @kim.fit from Meeting Booked, 1,200" */
export function sentenceOf(win: Win, value: string): string {
  const from = win.fromStage ? ` from ${win.fromStage.name}` : "";
  return `${whoOf(win)} won ${contactOf(win)}${from}${value === "" ? "" : `, ${value}`}`;
}
