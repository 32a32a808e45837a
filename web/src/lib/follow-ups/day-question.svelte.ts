import type { FollowUp } from "@dmtracker/shared/contracts/contact.ts";
import { createContext } from "svelte";

export type Planned = { day: string; note: string | null };

export type AskedDay = {
  who: string;
  followUp: FollowUp | null;
  answer: (planned: Planned | undefined) => void;
};

/** One dialog for all places in which somebody wants a day of their own, or a note. */
export class DayQuestion {
  open = $state.raw<AskedDay>();

  /** Undefined: leave it as it is. */
  ask(who: string, followUp: FollowUp | null): Promise<Planned | undefined> {
    this.open?.answer(undefined);
    return new Promise((resolve) => {
      this.open = {
        who,
        followUp,
        answer: (planned) => {
          this.open = undefined;
          resolve(planned);
        },
      };
    });
  }
}

export const [getDayQuestion, setDayQuestion] = createContext<DayQuestion>();
