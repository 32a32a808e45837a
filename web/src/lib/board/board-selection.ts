import type { Board } from "#lib/state/board.svelte.ts";
import type { BoardScreen } from "./board-screen.svelte.ts";

/** The chosen cards as they stand: column by column, from top to bottom. */
export function inBoardOrder(board: Pick<Board, "columns">, chosen: ReadonlySet<string>): string[] {
  return board.columns.flatMap(({ contacts }) => contacts.map(({ id }) => id).filter((id) => chosen.has(id)));
}

function rangeTo(screen: BoardScreen, id: string): string[] {
  const column = screen.board.columns.find(({ contacts }) => contacts.some((contact) => contact.id === id));
  const ids = column?.contacts.map((contact) => contact.id) ?? [];
  const from = ids.indexOf(screen.anchor ?? id);
  const to = ids.indexOf(id);
  // A range lives in one column: begun in another one, it begins anew here.
  return from < 0 ? [id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1);
}

/** Chooses one card more or less, or everything from the card chosen last down or up to it. */
export function choose(screen: BoardScreen, id: string, asRange: boolean): void {
  const next = new Set(screen.chosen);
  if (asRange) for (const one of rangeTo(screen, id)) next.add(one);
  else if (!next.delete(id)) next.add(id);
  if (!asRange || screen.anchor === undefined) screen.anchor = id;
  screen.chosen = next;
}
