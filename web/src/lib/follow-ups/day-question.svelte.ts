import type { FollowUp, Parked } from "@dmtracker/shared/contracts/contact.ts";
import { createContext } from "svelte";

export type Planned = { day: string; note: string | null };

export type AskedDay = {
  who: string;
  /** A contact is parked until the day, or has its follow-up then. */
  about: "followUp" | "parked";
  followUp: FollowUp | null;
  answer: (planned: Planned | undefined) => void;
};

/** One dialog for all places in which somebody wants a day of their own, or a note. */
export class DayQuestion {
  open = $state.raw<AskedDay>();

  /** Undefined: leave it as it is. */
  ask(who: string, followUp: FollowUp | null): Promise<Planned | undefined> {
    return this.#ask({ who, about: "followUp", followUp });
  }

  askParking(who: string, parked: Parked | null): Promise<Planned | undefined> {
    const followUp = parked && { dueAt: parked.until, note: parked.reason, step: null };
    return this.#ask({ who, about: "parked", followUp });
  }

  #ask(asked: Omit<AskedDay, "answer">): Promise<Planned | undefined> {
    this.open?.answer(undefined);
    return new Promise((resolve) => {
      this.open = {
        ...asked,
        answer: (planned) => {
          this.open = undefined;
          resolve(planned);
        },
      };
    });
  }
}

export const [getDayQuestion, setDayQuestion] = createContext<DayQuestion>();
