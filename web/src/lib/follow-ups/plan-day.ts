import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { DUE_HOUR } from "@dmtracker/shared/pipeline/follow-ups.ts";
import { dayOf, instantAt } from "@dmtracker/shared/pipeline/zoned-days.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import type { DayQuestion } from "./day-question.svelte.ts";

/** Asks for a day and a note, and plans them. A day that stays keeps its hour: a reply waits since it came. */
export async function planDay(question: DayQuestion, board: Board, contact: Contact): Promise<boolean> {
  const { followUp, id, username } = contact;
  const { timeZone } = board.settings;
  const planned = await question.ask(`@${username}`, followUp);
  if (!planned) return false;
  const { day, note } = planned;
  const stays = followUp !== null && dayOf(followUp.dueAt, timeZone) === day;
  const dueAt = stays ? followUp.dueAt : new Date(instantAt(day, DUE_HOUR, timeZone)).toISOString();
  board.change(id, { followUp: { act: "schedule", dueAt, note } });
  return true;
}
