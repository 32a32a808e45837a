/**
 * The colours that stages and tags may have: each is told from both the light and the dark surfaces it stands on
 * (3:1 and better, WCAG 1.4.11), and has a name for those who do not see it. Apart from the schemas, so that a page
 * can show them without loading a validator.
 */
export const PALETTE = [
  { name: "Slate", colour: "#64748b" },
  { name: "Stone", colour: "#78716c" },
  { name: "Red", colour: "#dc2626" },
  { name: "Orange", colour: "#c2410c" },
  { name: "Amber", colour: "#b45309" },
  { name: "Olive", colour: "#4d7c0f" },
  { name: "Green", colour: "#15803d" },
  { name: "Teal", colour: "#0f766e" },
  { name: "Cyan", colour: "#0e7490" },
  { name: "Blue", colour: "#0284c7" },
  { name: "Violet", colour: "#7c3aed" },
  { name: "Magenta", colour: "#c026d3" },
  { name: "Pink", colour: "#db2777" },
] as const;

/** The first colour of the palette that is used least: neighbours rarely look alike. */
export function nextColour(used: readonly string[]): string {
  const uses = (colour: string): number => used.filter((other) => other.toLowerCase() === colour).length;
  let best: { colour: string; count: number } = { colour: PALETTE[0].colour, count: Infinity };
  for (const { colour } of PALETTE) {
    const count = uses(colour);
    if (count < best.count) best = { colour, count };
  }
  return best.colour;
}
