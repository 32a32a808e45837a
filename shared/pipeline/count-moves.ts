import type { ContactMove, MoveFigure } from "../contracts/moves.ts";
import { isOfFigure, personOf, stageOfFigure } from "./moves.ts";

/** Counted for everybody and by person. */
export const FIGURES = ["created", "moved", "won", "lost", "abandoned", "reopened"] as const;
/** Counted by stage. */
export const STAGE_FIGURES = ["created", "came", "left", "won", "lost", "abandoned", "reopened"] as const;

type Counts<Figure extends MoveFigure> = Record<Figure, number>;
export type AllCounts = Counts<(typeof FIGURES)[number]>;
export type StageCounts = Counts<(typeof STAGE_FIGURES)[number]>;

const noFigures = (): AllCounts => ({ created: 0, moved: 0, won: 0, lost: 0, abandoned: 0, reopened: 0 });
const noStageFigures = (): StageCounts => ({
  created: 0,
  came: 0,
  left: 0,
  won: 0,
  lost: 0,
  abandoned: 0,
  reopened: 0,
});

/** What has moved, for everybody, by person (null: no person) and by stage. */
export class MoveCounts {
  readonly all = noFigures();
  readonly #byPerson = new Map<string | null, AllCounts>();
  readonly #byStage = new Map<string, StageCounts>();

  /** One pass, whatever the number of people and stages: a month of a busy board has very many moves. */
  constructor(moves: readonly ContactMove[]) {
    for (const move of moves) this.#add(move);
  }

  #add(move: ContactMove): void {
    for (const figure of FIGURES) {
      if (!isOfFigure(move, figure)) continue;
      this.all[figure] += 1;
      const id = personOf(move, figure)?.id ?? null;
      const counts = this.#byPerson.get(id) ?? noFigures();
      counts[figure] += 1;
      this.#byPerson.set(id, counts);
    }
    for (const figure of STAGE_FIGURES) {
      if (!isOfFigure(move, figure)) continue;
      const id = stageOfFigure(move, figure);
      const counts = this.#byStage.get(id) ?? noStageFigures();
      counts[figure] += 1;
      this.#byStage.set(id, counts);
    }
  }

  ofPerson(id: string | null): AllCounts {
    return this.#byPerson.get(id) ?? noFigures();
  }

  ofStage(id: string): StageCounts {
    return this.#byStage.get(id) ?? noStageFigures();
  }
}
