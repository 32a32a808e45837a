/* eslint-disable svelte/prefer-svelte-reactivity -- sets that live for one sentence */
import type { Move } from "#lib/state/board-news.ts";

const PAUSE_MS = 3_000;

export type Moved = { what: Move["what"]; who: string; contact: string; stage: string };

/** What happened on the board since the last word, in one sentence. */
export function describeMoves(moves: readonly Moved[]): string {
  const [first] = moves;
  if (!first) return "";
  const act = moves.every(({ what }) => what === "appeared") ? "added" : "moved";
  if (moves.length === 1) return `${first.who} ${act} @${first.contact} to ${first.stage}`;
  const people = new Set(moves.map(({ who }) => who));
  const cards = new Set(moves.map(({ contact }) => contact)).size;
  const count = cards === 1 ? `@${first.contact} several times` : `${cards} cards`;
  return people.size === 1 ? `${first.who} ${act} ${count}` : `${people.size} people ${act} ${count}`;
}

/** Tells a screen reader what others do, at most one sentence every few seconds. */
export class Announcer {
  text = $state("");
  #waiting: Moved[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  note(moves: readonly Move[], describe: (move: Move) => Moved | undefined): void {
    for (const move of moves) {
      const moved = move.by === "someone" && move.actor ? describe(move) : undefined;
      if (moved) this.#waiting.push(moved);
    }
    if (this.#waiting.length > 0 && !this.#timer) this.#speak();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #speak(): void {
    this.text = describeMoves(this.#waiting);
    this.#waiting = [];
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#waiting.length > 0) this.#speak();
    }, PAUSE_MS);
  }
}
