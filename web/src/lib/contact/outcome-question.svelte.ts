import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import { createContext } from "svelte";

/** What goes into the same change as the status: why it was lost, what it was worth. */
export type Outcome = Pick<ContactChange, "lostReason" | "value">;

export type OutcomeSubject = {
  /** Who it is about: "@kim.fit", "12 contacts". */
  who: string;
  /** The deal value that is known already. */
  value?: number | null;
};

export type AskedOutcome = OutcomeSubject & {
  status: "won" | "lost";
  /** undefined: leave the status as it is. */
  answer: (outcome: Outcome | undefined) => void;
};

/**
 * Lost asks why and Won asks for how much, before anything is written and from every place: menu, drag, bulk.
 * Answering nothing is an answer; only cancelling keeps the status as it is.
 */
export class OutcomeQuestion {
  open = $state.raw<AskedOutcome>();

  /** Resolves at once when the status needs no words; undefined means "leave it as it is". */
  ask(status: LeadStatus, subject: OutcomeSubject): Promise<Outcome | undefined> {
    if (status !== "won" && status !== "lost") return Promise.resolve({});
    this.open?.answer(undefined);
    return new Promise((resolve) => {
      this.open = {
        ...subject,
        status,
        answer: (outcome) => {
          this.open = undefined;
          resolve(outcome);
        },
      };
    });
  }
}

export const [getOutcomeQuestion, setOutcomeQuestion] = createContext<OutcomeQuestion>();
