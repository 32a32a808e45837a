import type { MoveFigure } from "@dmtracker/shared/contracts/moves.ts";

export const BY_PERSON = [
  { figure: "created", label: "New" },
  { figure: "moved", label: "Moved" },
  { figure: "won", label: "Won" },
  { figure: "lost", label: "Lost" },
  { figure: "abandoned", label: "Abandoned" },
  { figure: "reopened", label: "Reopened" },
] as const satisfies { figure: MoveFigure; label: string }[];

export const BY_STAGE = [
  { figure: "created", label: "New" },
  { figure: "came", label: "Came" },
  { figure: "left", label: "Left" },
  { figure: "won", label: "Won" },
  { figure: "lost", label: "Lost" },
  { figure: "abandoned", label: "Abandoned" },
] as const satisfies { figure: MoveFigure; label: string }[];

const SAID: Record<MoveFigure, string> = {
  created: "New contacts",
  moved: "Moved",
  came: "Came",
  left: "Left",
  won: "Won",
  lost: "Lost",
  abandoned: "Abandoned",
  reopened: "Reopened",
};

/** "Won by Marcus", "Came to Interested": what the list holds. */
export function listTitle({
  figure,
  member,
  stage,
}: {
  figure: MoveFigure | null;
  member: string | undefined;
  stage: string | undefined;
}): string {
  if (figure === null) return "Everybody who moved";
  const by = member ? ` by ${member}` : "";
  const at = stage ? `${figure === "came" ? " to" : figure === "created" ? " in" : " from"} ${stage}` : "";
  return `${figure === "left" && stage ? "Left" : SAID[figure]}${figure === "left" ? at.replace(" from", "") : at}${by}`;
}
